// The rows of one worker on their way to the store: the batch being filled, the tapes that hold
// bytes which no row has yet, and the beat that moves both on.
//
// Sans-io: time comes in, batches go out to a RecordingSink. Used by one worker thread only.
#pragma once

#include "protocols/core/time.h"
#include "recorder/open_exchange.h"
#include "store/recording_sink.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace understudy {

class SessionTape;

/// How often captured bytes leave a worker. An exchange still open is written with the second beat
/// after it began at the latest, so two beats and the writer's own work stay within the 100 ms that
/// a kill may cost.
inline constexpr std::chrono::milliseconds kBeat{30};

/// What the tapes of all workers together may hold before they spill early: a thousand connections
/// in the middle of a body must not need a thousand buffers.
inline constexpr std::int64_t kCrowdedBytes = std::int64_t{4} * 1024 * 1024;

class RowOutbox {
 public:
  /// `drop`: while the sink is full, rows are counted instead of kept. `crowded_bytes`: this
  /// worker's share of kCrowdedBytes. The sink outlives this.
  RowOutbox(RecordingSink& sink, bool drop, std::int64_t crowded_bytes = kCrowdedBytes);

  [[nodiscard]] Batch& batch() { return *batch_; }
  [[nodiscard]] RecordingSink& sink() { return sink_; }
  [[nodiscard]] ExchangePool& exchange_pool() { return pool_; }
  /// Rows must not be added now: the sink is full and told to drop, or broken.
  [[nodiscard]] bool must_drop() const { return sink_.broken() || (drop_ && sink_.full()); }
  /// Peers must wait before more is read.
  [[nodiscard]] bool must_stall() const { return !drop_ && !sink_.broken() && sink_.full(); }

  /// Tapes say how many bytes they took in, and gave away (negative).
  void holds(std::int64_t bytes) { held_bytes_ += bytes; }
  /// The tapes together hold more than their share of kCrowdedBytes: each shall spill early.
  [[nodiscard]] bool crowded() const { return held_bytes_ > crowded_bytes_; }

  /// The tape holds bytes that no row has; it stays listed until unlist() or a beat finds it clean.
  void list(SessionTape& tape);
  void unlist(SessionTape& tape);

  /// Spills what was begun before the last beat, and hands the batch over.
  void beat();
  /// Hands the batch over when it is large; cheap otherwise.
  void submit_if_large();
  /// Spills everything and hands it over: the worker ends.
  void flush();
  /// Nothing waits for a beat.
  [[nodiscard]] bool idle() const { return tapes_.empty() && batch_->empty(); }

  /// Rises with each beat: a tape compares it to know what is old.
  [[nodiscard]] std::uint32_t beats() const { return beats_; }

  /// Counted by the tapes, read by any thread.
  std::atomic<std::uint64_t> exchanges_begun{0};
  std::atomic<std::uint64_t> bytes_dropped{0};
  std::atomic<std::uint64_t> exchanges_dropped{0};  ///< those of which no row was written

 private:
  void submit();

  RecordingSink& sink_;
  const bool drop_;
  const std::int64_t crowded_bytes_;
  std::unique_ptr<Batch> batch_;
  ExchangePool pool_;
  std::vector<SessionTape*> tapes_;
  std::uint32_t beats_ = 1;
  std::int64_t held_bytes_ = 0;
};

}  // namespace understudy
