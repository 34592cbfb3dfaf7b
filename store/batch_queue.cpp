#include "store/batch_queue.h"

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

/// Empty batches that are kept: the next of two workers. They count against no bound.
constexpr std::size_t kMaxEmpty = 2;
/// Large buffers are kept while they and the queue stay within its bound; larger ones than a
/// spill's are not.
constexpr std::size_t kMaxSpareBytes = std::size_t{256} * 1024;
/// What a batch has room for: it is handed over from kMaxBatchBytes on, and its last row is a
/// spill at most. Reserved, not grown, so that no batch holds twice its bytes; pages that it does
/// not use cost nothing. One that had to grow beyond gives its memory back.
constexpr std::size_t kBatchCapacity = kMaxBatchBytes + std::size_t{384} * 1024;

}  // namespace

std::size_t queued_size(const Batch& batch) {
  std::size_t chains = 0;  // some KiB a handshake, unlike the short texts of other rows
  for (const TlsAgreed& row : batch.tls)
    chains += row.own_chain.size() + row.peer_chain.size();
  return batch.size() + chains + batch.sessions_opened.size() * sizeof(SessionOpened) +
         batch.upstreams.size() * sizeof(UpstreamOpened) +
         batch.places.size() * sizeof(UpstreamPlaced) + batch.tls.size() * sizeof(TlsAgreed) +
         batch.exchanges.size() * sizeof(ExchangeRow) + batch.segments.size() * sizeof(SegmentRow) +
         batch.updates.size() * sizeof(ExchangeUpdate) +
         batch.sessions_closed.size() * sizeof(SessionClosed);
}

std::unique_ptr<Batch> BatchQueue::take_empty() {
  {
    const std::lock_guard guard(mutex_);
    if (!empty_.empty()) {
      auto batch = std::move(empty_.back());
      empty_.pop_back();
      return batch;
    }
  }
  auto batch = std::make_unique<Batch>();
  batch->bytes.reserve(kBatchCapacity);
  return batch;
}

Bytes BatchQueue::take_spare() {
  const std::lock_guard guard(mutex_);
  if (spare_.empty()) return {};
  Bytes buffer = std::move(spare_.back());
  spare_.pop_back();
  spare_bytes_ -= buffer.capacity();
  return buffer;
}

void BatchQueue::push(std::unique_ptr<Batch> batch) {
  const std::size_t size = queued_size(*batch);
  bool wake = false;
  {
    const std::lock_guard guard(mutex_);
    queue_.push_back(std::move(batch));
    queued_bytes_ += size;
    held_bytes_ += size;
    if (held_bytes_ >= limit_) full_.store(true, std::memory_order_relaxed);
    wake = queued_bytes_ >= wake_at_;
  }
  if (wake) arrived_.notify_one();
}

void BatchQueue::recycle(std::unique_ptr<Batch> batch) {
  std::vector<Bytes> large = std::move(batch->large);
  batch->clear();
  const std::lock_guard guard(mutex_);
  for (Bytes& buffer : large) {
    const bool fits = held_bytes_ + spare_bytes_ + buffer.capacity() <= limit_;
    if (!fits || buffer.capacity() > kMaxSpareBytes) continue;
    spare_bytes_ += buffer.capacity();
    buffer.clear();
    spare_.push_back(std::move(buffer));
  }
  if (batch->bytes.capacity() > kBatchCapacity) return;
  if (empty_.size() < kMaxEmpty) empty_.push_back(std::move(batch));
}

bool BatchQueue::wait(Clock::time_point not_before, std::size_t enough_bytes, Batches& out) {
  std::unique_lock lock(mutex_);
  wake_at_ = 0;
  arrived_.wait(lock, [&] { return !queue_.empty() || closed_; });
  wake_at_ = enough_bytes;
  arrived_.wait_until(lock, not_before, [&] { return queued_bytes_ >= enough_bytes || closed_; });
  wake_at_ = SIZE_MAX;

  std::size_t taken = 0;
  auto end = queue_.begin();
  for (; end != queue_.end() && taken < enough_bytes; ++end)
    taken += queued_size(**end);
  out.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  queued_bytes_ -= taken;
  return !out.empty();
}

bool BatchQueue::release(Batches& done) {
  std::size_t freed = 0;
  for (const auto& batch : done)
    freed += queued_size(*batch);
  {
    const std::lock_guard guard(mutex_);
    held_bytes_ -= freed;
  }
  for (auto& batch : done)
    recycle(std::move(batch));
  done.clear();
  const std::lock_guard guard(mutex_);
  return held_bytes_ < limit_ / 2 && full_.exchange(false, std::memory_order_relaxed);
}

void BatchQueue::close() {
  {
    const std::lock_guard guard(mutex_);
    closed_ = true;
  }
  arrived_.notify_one();
}

}  // namespace understudy
