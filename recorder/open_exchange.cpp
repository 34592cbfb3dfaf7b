#include "recorder/open_exchange.h"

#include <algorithm>

namespace understudy {

void OpenExchange::Half::add(ByteView bytes, RecordingSink* lender) {
  const std::size_t size = unwritten.size() + bytes.size();
  if (lender != nullptr && size > unwritten.capacity() && size >= kLargeBytes) {
    Bytes larger = lender->large_buffer();
    larger.reserve(std::max(size, kSpillBytes));
    larger += unwritten;
    unwritten = std::move(larger);
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
  place.clear();
  note.clear();
  status = 0;
  origin = Origin::Upstream;
  row_written = false;
}

void empty_buffer(Bytes& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptBytes) buffer.shrink_to_fit();
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
