// Content codings (RFC 9110 §8.4.1): undoing what a server did to a body. Pure functions, safe on
// any thread; nothing throws.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace understudy {

enum class Coding : std::uint8_t { Identity, Gzip, Deflate, Brotli, Zstd };

/// What a decoded body may hold. A zip bomb of a few KiB decodes to gigabytes; bodies that a test
/// compares by content are far smaller than this.
inline constexpr std::size_t kMaxDecodedBytes = std::size_t{64} * 1024 * 1024;

/// By its registered name or alias, any case ("gzip", "x-gzip", "br", ""). Nothing: unknown.
[[nodiscard]] std::optional<Coding> coding_named(ByteView name);

/// The name as a header field spells it; "identity" for none.
[[nodiscard]] ByteView coding_name(Coding coding);

/// The decoded bytes. Nothing: `coded` is corrupt, truncated, or larger than `limit_bytes`.
/// Deflate accepts both the zlib format of the standard and the raw one that some servers send;
/// several gzip members, zstd frames are read as one body.
[[nodiscard]] std::optional<Bytes> decode(Coding coding, ByteView coded,
                                          std::size_t limit_bytes = kMaxDecodedBytes);

}  // namespace understudy
