// Bytes as hexadecimal digits. Pure functions, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"

#include <string>

namespace understudy {

/// Two lower-case digits per byte.
[[nodiscard]] std::string to_hex(ByteView bytes);

/// True where the bytes are text that people read: UTF-8 without control characters other than
/// tab and line ends.
[[nodiscard]] bool is_text(ByteView bytes);

}  // namespace understudy
