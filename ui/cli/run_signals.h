// Signals as events of the main thread. They are blocked everywhere and waited for here, so that no
// handler runs and nothing needs to be signal-safe.
//
// Make one before any thread is started (threads inherit the mask); use it on the main thread only,
// wake() excepted.
#pragma once

#include <csignal>
#include <cstdint>

namespace understudy {

class RunSignals {
 public:
  struct Event {
    enum class Kind : std::uint8_t {
      Stop,        ///< SIGINT or SIGTERM: `signal` says which
      Reload,      ///< SIGHUP
      ChildEnded,  ///< SIGCHLD
      Woken,       ///< wake()
    };
    Kind kind = Kind::Stop;
    int signal = 0;
    /// The terminal sent it, so every process of its foreground group has it already.
    bool from_terminal = false;
  };

  /// Blocks the four signals, and ignores SIGPIPE and SIGXFSZ: a reader of our output may go while
  /// we record, and a file that may not grow (`ulimit -f`) is an error of the store.
  RunSignals();
  /// Restores what was.
  ~RunSignals();
  RunSignals(const RunSignals&) = delete;
  RunSignals& operator=(const RunSignals&) = delete;

  [[nodiscard]] Event wait();
  /// From now on SIGINT and SIGTERM end the process at once, as they do in any program: for the
  /// stop itself, which the user may not want to wait for.
  void let_stop_signals_through();
  /// Makes wait() return Woken. Any thread.
  static void wake();
  /// The mask that was in force before, for processes that we start.
  [[nodiscard]] const sigset_t& original_mask() const { return original_; }

 private:
  sigset_t waited_{}, original_{};
  struct sigaction original_pipe_{}, original_size_{};
};

}  // namespace understudy
