#include "protocols/content/percent.h"

#include <optional>

namespace understudy {
namespace {

constexpr ByteView kUpperHex = "0123456789ABCDEF";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The byte that the escape at `at` stands for.
std::optional<char> escaped_byte(ByteView text, std::size_t at) {
  if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

void append_escape(char c, Bytes& out) {
  const auto value = static_cast<unsigned char>(c);
  out += '%';
  out += kUpperHex[value >> 4];
  out += kUpperHex[value & 15];
}

}  // namespace

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_normalized_path(ByteView path, Bytes& out) {
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t escape = path.find('%', at);
    out += path.substr(at, escape - at);
    if (escape == ByteView::npos) return;
    at = escape;
    if (const auto byte = escaped_byte(path, at)) {
      if (is_unreserved(*byte)) {
        out += *byte;
      } else {
        append_escape(*byte, out);
      }
      at += 3;
    } else {
      out += path[at++];
    }
  }
}

Bytes percent_decoded(ByteView text, bool plus_is_space) {
  Bytes out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (const auto byte = escaped_byte(text, at)) {
      out += *byte;
      at += 3;
    } else {
      out += plus_is_space && text[at] == '+' ? ' ' : text[at];
      ++at;
    }
  }
  return out;
}

void append_percent_encoded(ByteView text, Bytes& out) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      append_escape(c, out);
    }
  }
}

}  // namespace understudy
