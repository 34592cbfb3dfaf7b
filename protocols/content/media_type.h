// Media types and the small text rules that header values share (RFC 9110 §5.6, §8.3). Pure
// functions, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"

namespace understudy {

/// ASCII letters alone are folded, as field names and tokens ask.
[[nodiscard]] bool equal_ignoring_case(ByteView a, ByteView b);
[[nodiscard]] constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
/// Without spaces, tabs and line ends at both ends.
[[nodiscard]] ByteView trim(ByteView text);

/// What a body is, as its Content-Type says.
enum class BodyKind : std::uint8_t { Other, Json, Form, Multipart };

/// Empty or unknown type = Other. Everything that ends in +json is Json.
[[nodiscard]] BodyKind body_kind(ByteView content_type);

/// "type/subtype" alone, without its parameters.
[[nodiscard]] ByteView essence(ByteView content_type);

/// A parameter's value ("boundary", "name"), quotes and escapes removed. Empty = not there.
[[nodiscard]] Bytes parameter(ByteView value, ByteView name);

}  // namespace understudy
