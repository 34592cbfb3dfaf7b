// The vocabulary for bytes on a wire. No state, safe on any thread.
//
// Bytes are std::string and ByteView is std::string_view, not vectors of std::byte: every codec
// here compares, searches and slices, which these types do without casts, and short values need
// no allocation. They hold any octet, zero included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

using Bytes = std::string;
using ByteView = std::string_view;

/// Who sent the bytes: the application under test, or the system it talks to.
enum class Side : std::uint8_t { Client = 0, Server = 1 };

[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::Client ? Side::Server : Side::Client;
}

/// Half-open range of offsets. What they count from is said where the range stands.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] constexpr std::uint64_t size() const { return end - begin; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

}  // namespace understudy
