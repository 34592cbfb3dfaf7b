// A part of a reply that is partly in memory and partly in the store. Pure.
#pragma once

#include "protocols/core/bytes.h"
#include "replayer/conversation.h"

#include <cstdint>
#include <span>

namespace understudy {

/// Appends bytes [begin, end) of `pieces` followed by `stored` to `out`.
void append_slice(std::span<const ByteView> pieces, const StoredBytes& stored, std::uint64_t begin,
                  std::uint64_t end, Outbox& out);

}  // namespace understudy
