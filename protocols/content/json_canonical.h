// One spelling for JSON texts that mean the same: key order, white space, escapes and the form of
// numbers do not count; the order of array elements does. Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"

namespace understudy {

/// Appends the canonical spelling of `text`. False: not JSON, nothing was appended.
[[nodiscard]] bool append_canonical_json(ByteView text, Bytes& out);

/// A number as digits and a power of ten: 1, 1.0, 10e-1 and 1E0 are all "1e0". `literal` is a valid
/// JSON number of any size; nothing is rounded.
[[nodiscard]] Bytes canonical_number(ByteView literal);

}  // namespace understudy
