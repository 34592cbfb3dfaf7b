// Values of a JSON text by pointer (RFC 6901), and where they lie. Pure, safe on any thread.
#pragma once

#include "protocols/content/json_scan.h"
#include "protocols/core/bytes.h"

#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// A string, number or literal inside a document.
struct JsonLeaf {
  std::string pointer;  ///< "/items/0/id"; empty = the document itself
  JsonKind kind = JsonKind::Null;
  std::string value;  ///< text: strings unescaped, others as written
  ByteRange range;    ///< strings: between the quotes
};

/// A pointer taken apart. '*' as a whole part stands for any index or name.
struct JsonPattern {
  std::vector<std::string> parts;
  friend bool operator==(const JsonPattern&, const JsonPattern&) = default;
};

/// Nothing: neither empty nor beginning with '/', or a '~' that is neither ~0 nor ~1.
[[nodiscard]] std::optional<JsonPattern> parse_json_pointer(ByteView pointer);

/// All leaves in document order, at most `limit`. Nothing: not JSON.
[[nodiscard]] std::optional<std::vector<JsonLeaf>> json_leaves(ByteView text, std::size_t limit);

/// A leaf without its text.
struct JsonPlace {
  JsonKind kind = JsonKind::Null;
  ByteRange range;
};

/// Where the leaves lie that any pattern names; of a named object or array, all leaves inside.
/// Nothing: not JSON.
[[nodiscard]] std::optional<std::vector<JsonPlace>> json_places(
    ByteView text, const std::vector<JsonPattern>& patterns);

}  // namespace understudy
