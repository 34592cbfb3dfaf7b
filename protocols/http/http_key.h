// When two requests are equal by meaning: the key that replay looks requests up by. Pure, safe on
// any thread.
//
//   key = [ place SP ] method SP path [ "?" sorted query ] [ LF "range:" value ]
//         [ LF kind content ]
//
// The path's case, dots and trailing slash count; escapes of unreserved characters do not. The
// query is a multiset. A body counts by meaning where its type says how: JSON, form fields,
// multipart; else byte by byte, codings removed. The authority counts where a rule serves several
// hosts, as the place that the caller found. Other headers do not count.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/replay.h"

#include <cstdint>

namespace understudy {

/// MatchKey::hints of HTTP, from bit 0: they are known; the client speaks HTTP/1.0; it sends more
/// requests on the connection.
inline constexpr std::uint32_t kHintsKnown = 1, kHintHttp10 = 2, kHintPersistent = 4;

/// Appends to `out`, which is empty. False: not a whole request head. Allocates nothing for a
/// request without query and body, where `out` has room.
[[nodiscard]] bool http_key(ByteView request, ByteView place, MatchKey& out);

}  // namespace understudy
