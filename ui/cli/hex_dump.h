// Bytes as offsets, hexadecimal digits and text. Pure.
#pragma once

#include "protocols/core/bytes.h"

#include <cstdint>
#include <string>

namespace understudy {

/// Lines of 16 bytes: "00000010  47 45 54 20 2f …  |GET /…|"; `offset` is that of the first byte.
[[nodiscard]] std::string hex_dump(ByteView bytes, std::uint64_t offset = 0);

}  // namespace understudy
