// The queue between the recorder's workers and the writer, bounded in bytes, with the batches that
// were emptied for the next round. Safe from any thread; wait() and release() are the writer's.
//
// The bound has two marks, so that relays are not stopped and started for every batch: full from
// the limit on, open again below half of it.
#pragma once

#include "store/recording_sink.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace understudy {

/// What a batch counts against the bound: its bytes and its rows.
[[nodiscard]] std::size_t queued_size(const Batch& batch);

class BatchQueue {
 public:
  using Batches = std::vector<std::unique_ptr<Batch>>;
  using Clock = std::chrono::steady_clock;

  explicit BatchQueue(std::size_t limit_bytes) : limit_(limit_bytes) {}

  [[nodiscard]] std::unique_ptr<Batch> take_empty();
  /// A large buffer of a batch that was recycled, empty, or a new one.
  [[nodiscard]] Bytes take_spare();
  void push(std::unique_ptr<Batch> batch);
  /// Clears a batch and keeps its memory for take_empty() and take_spare().
  void recycle(std::unique_ptr<Batch> batch);
  [[nodiscard]] bool full() const noexcept { return full_.load(std::memory_order_relaxed); }

  /// Waits until something is queued, then on until `not_before`, `enough_bytes` are there or the
  /// queue is closed; then moves about that many bytes of it to `out`. False: closed and empty.
  [[nodiscard]] bool wait(Clock::time_point not_before, std::size_t enough_bytes, Batches& out);
  /// The batches are done with: their room is free. True: full() turned false by this.
  [[nodiscard]] bool release(Batches& done);
  /// wait() no longer waits. Pushing goes on working.
  void close();

 private:
  const std::size_t limit_;
  std::atomic<bool> full_{false};

  std::mutex mutex_;
  std::condition_variable arrived_;
  // Guarded by mutex_:
  Batches queue_, empty_;
  std::vector<Bytes> spare_;  ///< large buffers, emptied
  std::size_t spare_bytes_ = 0;
  std::size_t queued_bytes_ = 0;    ///< in queue_
  std::size_t held_bytes_ = 0;      ///< in queue_ and with the writer
  std::size_t wake_at_ = SIZE_MAX;  ///< bytes queued that the writer sleeps for
  bool closed_ = false;
};

}  // namespace understudy
