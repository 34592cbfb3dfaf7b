// Base64 (RFC 4648 §4), for bytes in JSON that are no text. Pure.
#pragma once

#include "protocols/core/bytes.h"

#include <string>

namespace understudy {

[[nodiscard]] std::string base64_text(ByteView bytes);

}  // namespace understudy
