// Readiness of sockets at no system call per wait.
//
// Asio's reactor re-arms epoll for every wait: an epoll_ctl per read, one in twenty of the cycles
// of a relayed request. Here a socket is registered once, edge-triggered, in an epoll set of the
// worker's own. Asio waits for that set as a whole, and whoever waits for a socket of it is resumed
// straight from the loop over its events:
//
//   io_context ──readable──▶ epoll set ──events──▶ Watch ──▶ reader and writer, resumed in place
//
// An edge is told once, so a Watch remembers it until its owner found the socket empty (or full).
#pragma once

#include "protocols/transport/asio.h"
#include "protocols/transport/descriptor.h"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace understudy {

class Watch;

/// The epoll set of one io_context, made with its first Watch. Used on the context's thread only.
class Poller final : public asio::execution_context::service {
 public:
  /// How execution contexts tell services apart.
  static inline asio::execution_context::id id;

  explicit Poller(asio::execution_context& context);
  [[nodiscard]] static Poller& of(Executor executor);

 private:
  friend class Watch;

  /// Events taken from the kernel at once.
  static constexpr std::size_t kEvents = 128;
  /// Looks at the set before timers and posted work have their turn.
  static constexpr int kRounds = 16;

  void shutdown() override;
  void add(Watch& watch);
  void remove(Watch& watch);
  /// A watch began (ended) to be waited for.
  void waiting(int change);
  /// Resumes `watch` in the next round: what it waits for was there before it waited.
  void resume_soon(Watch& watch);
  void settle();
  void arm();
  void run();
  bool round();

  std::optional<asio::posix::basic_stream_descriptor<Executor>> set_;  ///< empty after shutdown()
  int fd_ = -1;                                                        ///< of set_
  std::vector<Watch*> watches_, due_, due_now_;
  std::array<epoll_event, kEvents> events_;
  int count_ = 0;  ///< of events_, while they are gone through
  std::size_t waits_ = 0;
  bool armed_ = false, running_ = false;
};

/// One socket in the set: what is known of its readiness, and who waits for it.
class Watch {
 public:
  enum class For : std::uint8_t { Read, Write };
  using Waiter = std::move_only_function<void(ErrorCode)>;

  /// Takes a non-blocking socket. Errors of the registration show as a socket that is never ready.
  Watch(Executor executor, Descriptor socket);
  /// Drops who waits without a call.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] Executor executor() const { return executor_; }

  /// Calls `waiter` from the loop once the socket is ready, never from within this call; with
  /// operation_aborted after cancel() or close(). At most one waits for each.
  void wait(For what, Waiter waiter);
  [[nodiscard]] bool is_waited_for(For what) const {
    return static_cast<bool>(states_[static_cast<std::size_t>(what)].waiter);
  }
  /// Whether something is known to be there: an edge came and nobody found its end yet.
  [[nodiscard]] bool ready(For what) const { return states_[static_cast<std::size_t>(what)].ready; }
  /// The next wait ends soon: what it is for sits in a layer above the socket.
  void mark_ready(For what) { state(what).ready = true; }
  /// A read or write found nothing to take or no room: the next wait is for a new edge.
  void exhausted(For what) { state(what).ready = false; }
  /// A read took less than it could have. Nothing more is there then, unless an end, an error or
  /// urgent data stopped it.
  void read_short() {
    if (!read_until_empty_) state(For::Read).ready = false;
  }
  /// Ends a wait with operation_aborted.
  void cancel(For what);
  /// Ends both waits and closes the socket.
  void close();
  /// Ends both waits and gives the socket up.
  [[nodiscard]] Descriptor release();

 private:
  friend class Poller;
  struct State {
    Waiter waiter;
    bool ready = false;
  };

  void happened(std::uint32_t events);
  /// Calls waiters whose side is ready. The watch may be gone afterwards.
  void resume();
  State& state(For what) { return states_[static_cast<std::size_t>(what)]; }

  const Executor executor_;
  Poller& poller_;
  Descriptor socket_;
  State states_[2];
  std::size_t place_ = 0;  ///< in Poller::watches_
  bool read_until_empty_ = false;
  bool due_ = false;  ///< in Poller::due_ or due_now_
};

}  // namespace understudy
