// Character classes of HTTP/1 (RFC 9110 §5.6.2). Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"

#include <array>

namespace understudy {

/// By octet: may stand in a token (methods, field names, codings).
inline constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c)
    table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c)
    table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c)
    table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<std::size_t>(c)] = true;
  return table;
}();

[[nodiscard]] constexpr bool is_token_char(char c) {
  return kTokenChars[static_cast<unsigned char>(c)];
}

[[nodiscard]] constexpr bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

/// Value of a hexadecimal digit, -1 = it is none.
[[nodiscard]] constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `name` in any case equals `lower`, which is in lower case.
[[nodiscard]] constexpr bool is_named(ByteView name, ByteView lower) {
  if (name.size() != lower.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != lower[i]) return false;
  }
  return true;
}

}  // namespace understudy
