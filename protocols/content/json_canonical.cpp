#include "protocols/content/json_canonical.h"

#include "protocols/content/json_scan.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace understudy {
namespace {

/// Exponents beyond this are left as written: no two different real numbers meet there.
constexpr std::size_t kMaxExponentDigits = 15;

/// Appends `inside` between quotes with one spelling for each character.
void append_string(ByteView inside, Bytes& out) {
  out += '"';
  for (const char c : json_unescaped(inside)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

class Canonicalizer final : public JsonVisitor {
 public:
  explicit Canonicalizer(ByteView text) : text_(text) { open_.emplace_back(); }

  void begin_object() override { open_.emplace_back(); }
  void begin_array() override { open_.emplace_back(); }
  void member(ByteRange inside) override {
    open_.back().emplace_back();
    append_string(slice(inside), open_.back().back().first);
  }
  void element() override { open_.back().emplace_back(); }
  void end_object() override {
    auto members = close();
    std::sort(members.begin(), members.end());
    Bytes text = "{";
    for (const auto& [name, value] : members) {
      if (text.size() > 1) text += ',';
      text += name;
      text += ':';
      text += value;
    }
    put(std::move(text += '}'));
  }
  void end_array() override {
    Bytes text = "[";
    for (const auto& [name, value] : close()) {
      if (text.size() > 1) text += ',';
      text += value;
    }
    put(std::move(text += ']'));
  }
  void scalar(JsonKind kind, ByteRange range) override {
    Bytes text;
    if (kind == JsonKind::String) {
      append_string(slice(range), text);
    } else if (kind == JsonKind::Number) {
      text = canonical_number(slice(range));
    } else {
      text = slice(range);
    }
    put(std::move(text));
  }

  [[nodiscard]] const Bytes& result() const { return open_.front().front().second; }

 private:
  using Members = std::vector<std::pair<Bytes, Bytes>>;

  [[nodiscard]] ByteView slice(ByteRange range) const {
    return text_.substr(range.begin, range.size());
  }
  Members close() {
    Members members = std::move(open_.back());
    open_.pop_back();
    return members;
  }
  /// The value of the member or element that was announced last, or the document itself.
  void put(Bytes text) {
    if (open_.size() == 1 && open_.front().empty()) open_.front().emplace_back();
    open_.back().back().second = std::move(text);
  }

  ByteView text_;
  std::vector<Members> open_;  ///< what is being read, outermost first
};

}  // namespace

Bytes canonical_number(ByteView literal) {
  const bool negative = literal.starts_with('-');
  if (negative) literal.remove_prefix(1);
  const std::size_t mark = literal.find_first_of("eE");
  const ByteView mantissa = literal.substr(0, mark);
  ByteView power = mark == ByteView::npos ? ByteView("0") : literal.substr(mark + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  if (power.size() > kMaxExponentDigits) return (negative ? "-" : "") + Bytes(literal);
  std::int64_t exponent = 0;
  std::from_chars(power.data(), power.data() + power.size(), exponent);

  const std::size_t point = mantissa.find('.');
  Bytes digits(mantissa.substr(0, point));
  if (point != ByteView::npos) {
    digits += mantissa.substr(point + 1);
    exponent -= static_cast<std::int64_t>(mantissa.size() - point - 1);
  }
  const std::size_t significant = digits.find_first_not_of('0');
  if (significant == Bytes::npos) return "0e0";
  digits.erase(0, significant);
  const std::size_t last = digits.find_last_not_of('0');
  exponent += static_cast<std::int64_t>(digits.size() - 1 - last);
  digits.erase(last + 1);
  return (negative ? "-" : "") + digits + 'e' + std::to_string(exponent);
}

bool append_canonical_json(ByteView text, Bytes& out) {
  Canonicalizer canonicalizer(text);
  if (!scan_json(text, canonicalizer)) return false;
  out += canonicalizer.result();
  return true;
}

}  // namespace understudy
