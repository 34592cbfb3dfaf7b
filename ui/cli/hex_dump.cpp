#include "ui/cli/hex_dump.h"

#include <fmt/format.h>

namespace understudy {

namespace {

constexpr std::size_t kBytesPerLine = 16;

}  // namespace

std::string hex_dump(ByteView bytes, std::uint64_t offset) {
  std::string out;
  while (!bytes.empty()) {
    const ByteView line = bytes.substr(0, kBytesPerLine);
    out += fmt::format("{:08x} ", offset);
    for (std::size_t i = 0; i < kBytesPerLine; ++i) {
      if (i == kBytesPerLine / 2) out += ' ';
      out += i < line.size() ? fmt::format(" {:02x}", static_cast<unsigned char>(line[i])) : "   ";
    }
    out += "  |";
    for (const char c : line)
      out += c >= ' ' && c <= '~' ? c : '.';
    out += "|\n";
    offset += line.size();
    bytes.remove_prefix(line.size());
  }
  return out;
}

}  // namespace understudy
