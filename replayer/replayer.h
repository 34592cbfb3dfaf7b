// A recording served as virtual services: the replaying side as one object.
//
// Hermetic: nothing here or below can open a connection or resolve a name. load() reads all it
// needs from the source (large bodies excepted, which are read from the store while they are sent).
// The object is used by one thread; report() and counters by any.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "store/recording_source.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

class CertAuthority;
class WorkerPool;
struct ReplayReport;  // replayer/report.h
struct ReplayTotals;

/// When the recorded answers to one request are used up.
enum class AfterLast : std::uint8_t { Stick, Loop, Miss };

struct ReplayOptions {
  /// 0 = at once; 1 = with the recorded gaps; other = gaps times this.
  double timing_factor = 0;
  AfterLast after_last = AfterLast::Stick;
  /// Open client connections; 0 = from the descriptor limit.
  std::size_t max_connections = 0;
  /// Signs what TLS rules and the forward proxy serve; null = there is none of them.
  std::shared_ptr<CertAuthority> authority;
  /// Key of the store's stand-ins, so that live secrets match recorded stand-ins.
  Bytes redaction_key;
  /// Opens another reader of the same store, for bodies too large to keep in memory.
  std::function<Result<std::unique_ptr<RecordingSource>>()> open_source;
  /// A TLS handshake that takes longer has failed.
  std::chrono::milliseconds handshake_timeout{10'000};
};

class Replayer {
 public:
  /// Loads `recording` and binds the ports of `served`; empty = the recorded rules on their
  /// recorded ports. A served rule takes the recorded rule of its name; an unnamed match is by
  /// client scheme, upstream scheme and upstream, equals in order. Errors: Config (no counterpart:
  /// lists the recorded rules; a file that a served rule names), Environment (port taken), Store.
  /// Warnings (an adapter or a file of a recorded rule that this machine lacks) are appended to
  /// `warnings`.
  static Result<std::unique_ptr<Replayer>> load(RecordingSource& source, const Recording& recording,
                                                std::vector<ForwardRule> served, WorkerPool& pool,
                                                ReplayOptions options,
                                                std::vector<std::string>& warnings);
  ~Replayer();
  Replayer(const Replayer&) = delete;
  Replayer& operator=(const Replayer&) = delete;

  [[nodiscard]] std::vector<ListeningRule> listening() const;
  [[nodiscard]] std::size_t stub_count() const;
  void start();
  /// Stops accepting, lets replies that are being sent end for at most `grace`.
  void stop(std::chrono::milliseconds grace);
  /// All totals so far but `unused`; cheap.
  [[nodiscard]] ReplayTotals totals() const;
  /// What was asked and answered so far.
  [[nodiscard]] ReplayReport report() const;

 private:
  class State;
  explicit Replayer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace understudy
