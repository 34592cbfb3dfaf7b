#include "protocols/content/base64.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace understudy {

std::string base64_text(ByteView bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t has = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8) | (j < has ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      out += digit <= has ? kDigits[(group >> (18 - 6 * digit)) & 0x3F] : '=';
    }
  }
  return out;
}

}  // namespace understudy
