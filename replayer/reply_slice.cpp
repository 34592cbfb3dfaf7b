#include "replayer/reply_slice.h"

#include <algorithm>

namespace understudy {

void append_slice(std::span<const ByteView> pieces, const StoredBytes& stored, std::uint64_t begin,
                  std::uint64_t end, Outbox& out) {
  std::uint64_t at = 0;  // offset of the current part
  const auto overlap = [&](std::uint64_t size) {
    const ByteRange range{std::max(begin, at), std::min(end, at + size)};
    return range.begin < range.end ? ByteRange{range.begin - at, range.end - at} : ByteRange{};
  };
  for (const ByteView piece : pieces) {
    const ByteRange part = overlap(piece.size());
    if (part.size() > 0) out.pieces.push_back(piece.substr(part.begin, part.size()));
    at += piece.size();
  }
  const ByteRange part = overlap(stored.size);
  if (part.size() > 0) out.stored = {stored.exchange, stored.offset + part.begin, part.size()};
}

}  // namespace understudy
