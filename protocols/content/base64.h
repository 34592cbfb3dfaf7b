// Base64 (RFC 4648 §4): credentials in heads, bytes in JSON that are no text. Pure functions, safe
// on any thread.
#pragma once

#include "protocols/core/bytes.h"

#include <string>

namespace understudy {

/// With padding, in one line.
[[nodiscard]] std::string base64_text(ByteView bytes);

}  // namespace understudy
