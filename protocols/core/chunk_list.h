// The packed list of an exchange's reads: who sent how much, and when. It grows by two or three
// octets per read, appended in place on the hot path.
//
//   list  := chunk*
//   chunk := varint(size * 2 + side) varint(after)     side: 0 client, 1 server
//                                                      after: µs since the exchange began
//
// Sizes add up: the n-th chunk of a side begins where its chunks before end. No state.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/recorded.h"
#include "protocols/core/time.h"

#include <cstdint>
#include <vector>

namespace understudy {

/// Appends a read of `size` bytes (below 2^63). `after` counts from the beginning of the exchange,
/// not from the read before; a negative one (the clock was set back) is kept as zero.
void append_chunk(Bytes& list, Side from, std::uint64_t size, Duration after);

/// Unpacks a list; of a damaged one, what stands before the damage. Never throws on input.
[[nodiscard]] std::vector<Chunk> read_chunks(ByteView list);

}  // namespace understudy
