#include "recorder/open_exchange.h"

namespace understudy {

namespace {

/// What a buffer reserves when it outgrows kLargeBytes, and when it outgrows that: a spill's worth
/// (session_tape.h) and the read that goes beyond it. Doubling would copy a body once more.
constexpr std::size_t kMiddleCapacity = std::size_t{128} * 1024;
constexpr std::size_t kLargeCapacity = std::size_t{320} * 1024;

}  // namespace

void OpenExchange::Half::add(ByteView bytes) {
  const std::size_t size = unwritten.size() + bytes.size();
  if (size > unwritten.capacity() && size >= kLargeBytes) {
    unwritten.reserve(size <= kMiddleCapacity ? kMiddleCapacity : kLargeCapacity);
  }
  unwritten += bytes;
}

void OpenExchange::reset() {
  for (Half& half : halves) {
    empty_buffer(half.unwritten);
    empty_buffer(half.held);
    half.written = 0;
    half.overlong = false;
  }
  chunks.clear();
  last_chunk = {};
  edits.clear();
  method.clear();
  resource.clear();
  note.clear();
  status = 0;
  origin = Origin::Upstream;
  row_written = false;
}

void empty_buffer(Bytes& buffer) {
  buffer.clear();
  if (buffer.capacity() > kLargeBytes) buffer.shrink_to_fit();
}

std::unique_ptr<OpenExchange> ExchangePool::take() {
  if (kept_.empty()) return std::make_unique<OpenExchange>();
  std::unique_ptr<OpenExchange> warmest = std::move(kept_.back());
  kept_.pop_back();
  return warmest;
}

void ExchangePool::give_back(std::unique_ptr<OpenExchange> ended) {
  if (kept_.size() >= kMaxKept) return;
  ended->reset();
  kept_.push_back(std::move(ended));
}

}  // namespace understudy
