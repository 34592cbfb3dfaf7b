#include "protocols/content/json_scan.h"

#include <optional>

namespace understudy {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<unsigned> hex4(ByteView text, std::size_t at) {
  if (text.size() < at + 4) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    unsigned digit = 0;
    if (is_digit(c)) {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    value = value * 16 + digit;
  }
  return value;
}

class Scanner {
 public:
  Scanner(ByteView text, JsonVisitor& visitor) : text_(text), visitor_(visitor) {}

  bool document() {
    skip_space();
    if (!value(0)) return false;
    skip_space();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool value(std::size_t depth) {
    switch (peek()) {
      case '{': return depth < kMaxJsonDepth && object(depth);
      case '[': return depth < kMaxJsonDepth && array(depth);
      case '"': {
        ByteRange inside;
        if (!string(inside)) return false;
        visitor_.scalar(JsonKind::String, inside);
        return true;
      }
      case 't': return literal("true", JsonKind::True);
      case 'f': return literal("false", JsonKind::False);
      case 'n': return literal("null", JsonKind::Null);
      default: return number();
    }
  }

  bool object(std::size_t depth) {
    ++at_;
    visitor_.begin_object();
    skip_space();
    if (!take('}')) {
      do {
        skip_space();
        ByteRange name;
        if (!string(name)) return false;
        visitor_.member(name);
        skip_space();
        if (!take(':')) return false;
        skip_space();
        if (!value(depth + 1)) return false;
        skip_space();
      } while (take(','));
      if (!take('}')) return false;
    }
    visitor_.end_object();
    return true;
  }

  bool array(std::size_t depth) {
    ++at_;
    visitor_.begin_array();
    skip_space();
    if (!take(']')) {
      do {
        skip_space();
        visitor_.element();
        if (!value(depth + 1)) return false;
        skip_space();
      } while (take(','));
      if (!take(']')) return false;
    }
    visitor_.end_array();
    return true;
  }

  bool string(ByteRange& inside) {
    if (!take('"')) return false;
    inside.begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        inside.end = at_++;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      ++at_;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    const char c = peek();
    ++at_;
    if (c != 'u') return c != '\0' && ByteView("\"\\/bfnrt").find(c) != ByteView::npos;
    if (!hex4(text_, at_)) return false;
    at_ += 4;
    return true;
  }

  bool digits() {
    const std::size_t begin = at_;
    while (is_digit(peek()))
      ++at_;
    return at_ > begin;
  }

  bool number() {
    const std::size_t begin = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return false;
    }
    visitor_.scalar(JsonKind::Number, {begin, at_});
    return true;
  }

  bool literal(ByteView word, JsonKind kind) {
    if (!text_.substr(at_).starts_with(word)) return false;
    visitor_.scalar(kind, {at_, at_ + word.size()});
    at_ += word.size();
    return true;
  }

  ByteView text_;
  JsonVisitor& visitor_;
  std::size_t at_ = 0;
};

void append_utf8(unsigned code, Bytes& out) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// Undoes the \u escape at `at` (of the backslash), a pair of surrogates at once. Returns how many
/// characters it took, 0 = it is a lone surrogate.
std::size_t append_unicode_escape(ByteView text, std::size_t at, Bytes& out) {
  const auto first = hex4(text, at + 2);
  if (!first) return 0;
  if (*first < 0xD800 || *first > 0xDFFF) {
    append_utf8(*first, out);
    return 6;
  }
  if (*first > 0xDBFF || !text.substr(at + 6).starts_with("\\u")) return 0;
  const auto second = hex4(text, at + 8);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return 0;
  append_utf8(0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00), out);
  return 12;
}

}  // namespace

bool scan_json(ByteView text, JsonVisitor& visitor) {
  return Scanner(text, visitor).document();
}

Bytes json_unescaped(ByteView inside) {
  constexpr ByteView kNames = "bfnrt";
  constexpr ByteView kValues = "\b\f\n\r\t";
  Bytes out;
  out.reserve(inside.size());
  for (std::size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\' || at + 1 == inside.size()) {
      out += inside[at++];
      continue;
    }
    const char c = inside[at + 1];
    if (c == 'u') {
      const std::size_t took = append_unicode_escape(inside, at, out);
      if (took == 0) out += inside.substr(at, 6);
      at += took == 0 ? 6 : took;
      continue;
    }
    const std::size_t named = kNames.find(c);
    out += named == ByteView::npos ? c : kValues[named];
    at += 2;
  }
  return out;
}

}  // namespace understudy
