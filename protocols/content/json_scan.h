// A strict JSON reader (RFC 8259) that reports where values lie instead of building them. Pure,
// safe on any thread; nothing throws, no input overflows the stack.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <cstdint>

namespace understudy {

/// Nesting that is followed. Recursion costs about 100 bytes a level; real documents have 20.
inline constexpr std::size_t kMaxJsonDepth = 512;

enum class JsonKind : std::uint8_t { String, Number, True, False, Null };

/// What a scan reports, in document order. Ranges are offsets in the text that was scanned.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  virtual void begin_object() = 0;
  /// `inside`: between the quotes, escapes as written.
  virtual void member(ByteRange inside) = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  /// Before each element.
  virtual void element() = 0;
  virtual void end_array() = 0;
  /// A string's range lies between its quotes; others' is the whole literal.
  virtual void scalar(JsonKind kind, ByteRange range) = 0;
};

/// Reads one document. False: not JSON (or nested deeper than kMaxJsonDepth); what was reported
/// until then is to be dropped.
[[nodiscard]] bool scan_json(ByteView text, JsonVisitor& visitor);

/// A string's value: `inside` with its escapes undone, as UTF-8. A lone surrogate stays as written.
[[nodiscard]] Bytes json_unescaped(ByteView inside);

}  // namespace understudy
