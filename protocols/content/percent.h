// Percent-encoding (RFC 3986 §2, §6.2.2): one spelling for equal paths and query parts. Pure
// functions, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"

namespace understudy {

/// Letters, digits and "-._~": an escape of one of these means the character itself.
[[nodiscard]] bool is_unreserved(char c);

/// Appends `path` with escapes of unreserved characters undone and the digits of all others in
/// upper case. Everything else, case, dots and slashes included, stays. A broken escape stays too.
void append_normalized_path(ByteView path, Bytes& out);

/// Escapes undone; `plus_is_space` as forms and queries have it. A broken escape stays as it is.
[[nodiscard]] Bytes percent_decoded(ByteView text, bool plus_is_space);

/// Appends `text` with every byte that is not unreserved escaped.
void append_percent_encoded(ByteView text, Bytes& out);

}  // namespace understudy
