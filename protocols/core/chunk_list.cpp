#include "protocols/core/chunk_list.h"

#include "protocols/core/varint.h"

#include <algorithm>

namespace understudy {

void append_chunk(Bytes& list, Side from, std::uint64_t size, Duration after) {
  append_varint(list, size << 1 | static_cast<std::uint64_t>(from));
  append_varint(list, static_cast<std::uint64_t>(std::max<Duration::rep>(after.count(), 0)));
}

std::vector<Chunk> read_chunks(ByteView list) {
  std::vector<Chunk> chunks;
  while (!list.empty()) {
    const auto what = take_varint(list);
    if (!what) break;
    const auto after = take_varint(list);
    if (!after || *after > static_cast<std::uint64_t>(Duration::max().count())) break;
    chunks.push_back({(*what & 1) != 0 ? Side::Server : Side::Client, *what >> 1,
                      Duration(static_cast<Duration::rep>(*after))});
  }
  return chunks;
}

}  // namespace understudy
