#include "store/xml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace understudy {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

/// RFC 2781; a lone surrogate is kept as U+FFFD.
std::string from_utf16(std::string_view text, bool big_endian) {
  const auto unit = [&](std::size_t i) {
    const std::uint32_t first = static_cast<unsigned char>(text[i]);
    const std::uint32_t second = static_cast<unsigned char>(text[i + 1]);
    return big_endian ? first << 8 | second : second << 8 | first;
  };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint32_t point = unit(i);
    if (point >= 0xD800 && point < 0xDC00 && i + 3 < text.size()) {
      const std::uint32_t low = unit(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    append_utf8(out, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
  }
  return out;
}

bool declares_latin1(std::string_view text) {
  if (!text.starts_with("<?xml")) return false;
  std::string declaration(text.substr(0, text.find("?>")));
  std::ranges::transform(declaration, declaration.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return declaration.find("iso-8859-1") != std::string::npos ||
         declaration.find("latin1") != std::string::npos;
}

std::string to_utf8(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) return text.substr(3);
  if (text.starts_with("\xFE\xFF")) return from_utf16(std::string_view(text).substr(2), true);
  if (text.starts_with("\xFF\xFE")) return from_utf16(std::string_view(text).substr(2), false);
  if (!declares_latin1(text)) return text;
  std::string out;
  for (const char c : text)
    append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

}  // namespace

Result<std::string> read_xml_text(const std::string& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) {
    return std::unexpected(Error(ErrorSource::Config, path, "is a directory, expected a file"));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::unexpected(
        Error(ErrorSource::Config, path, fmt::format("cannot be read: {}", std::strerror(errno))));
  }
  std::string text(kMaxXmlBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxXmlBytes) {
    return std::unexpected(Error(
        ErrorSource::Config, path,
        fmt::format("is longer than {} MiB, expected a registration.xml", kMaxXmlBytes >> 20)));
  }
  return to_utf8(std::move(text));
}

std::size_t line_at(std::string_view text, std::ptrdiff_t offset) {
  const auto end =
      std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)), text.size());
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, end), '\n'));
}

}  // namespace understudy
