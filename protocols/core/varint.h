// Unsigned integers in as few octets as they need: seven bits each, low ones first, the top bit set
// on all but the last (LEB128). The packed lists of a store are made of them. No state.
#pragma once

#include "protocols/core/bytes.h"

#include <cstdint>
#include <optional>

namespace understudy {

/// Octets of the longest one: ten times seven bits hold 64.
inline constexpr std::size_t kMaxVarintBytes = 10;

inline void append_varint(Bytes& out, std::uint64_t value) {
  char octets[kMaxVarintBytes];
  std::size_t count = 0;
  for (; value >= 0x80; value >>= 7)
    octets[count++] = static_cast<char>((value & 0x7F) | 0x80);
  octets[count++] = static_cast<char>(value);
  out.append(octets, count);
}

/// Takes one from the front of `in`. Nothing, and `in` untouched: cut off, or more than 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> take_varint(ByteView& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size() && i < kMaxVarintBytes; ++i) {
    const auto octet = static_cast<unsigned char>(in[i]);
    const bool last_place = i + 1 == kMaxVarintBytes;
    if (last_place && octet > 1) return std::nullopt;
    value |= std::uint64_t{octet & 0x7FU} << (7 * i);
    if (octet < 0x80) {
      in.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace understudy
