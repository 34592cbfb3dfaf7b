// Form fields and query strings: application/x-www-form-urlencoded. Pure functions, safe on any
// thread.
#pragma once

#include "protocols/core/bytes.h"

#include <utility>
#include <vector>

namespace understudy {

/// Names and values, decoded, in order. "a" reads as "a="; empty parts between '&' are left out.
[[nodiscard]] std::vector<std::pair<Bytes, Bytes>> form_fields(ByteView text);

/// Appends one spelling for all texts with the same multiset of fields: sorted, '+' and %20 alike.
void append_canonical_form(ByteView text, Bytes& out);

}  // namespace understudy
