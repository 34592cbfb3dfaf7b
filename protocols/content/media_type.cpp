#include "protocols/content/media_type.h"

#include <algorithm>

namespace understudy {
namespace {

constexpr ByteView kSpace = " \t\r\n";

/// Takes the value at the front of `rest`, quoted or not, and leaves what follows it.
Bytes take_value(ByteView& rest) {
  Bytes value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    value += rest[at];
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return value;
}

}  // namespace

bool equal_ignoring_case(ByteView a, ByteView b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

ByteView trim(ByteView text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == ByteView::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

ByteView essence(ByteView content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

BodyKind body_kind(ByteView content_type) {
  const ByteView type = essence(content_type);
  const auto ends_with = [&](ByteView suffix) {
    return type.size() >= suffix.size() &&
           equal_ignoring_case(type.substr(type.size() - suffix.size()), suffix);
  };
  if (ends_with("/json") || ends_with("+json")) return BodyKind::Json;
  if (equal_ignoring_case(type, "application/x-www-form-urlencoded")) return BodyKind::Form;
  if (equal_ignoring_case(type.substr(0, 10), "multipart/")) return BodyKind::Multipart;
  return BodyKind::Other;
}

Bytes parameter(ByteView value, ByteView name) {
  ByteView rest = value.substr(std::min(value.find(';'), value.size()));
  while (rest.starts_with(';')) {
    rest.remove_prefix(1);
    const std::size_t equals = rest.find_first_of("=;");
    if (equals == ByteView::npos) return {};
    const ByteView found = trim(rest.substr(0, equals));
    rest.remove_prefix(equals);
    if (rest.starts_with(';')) continue;
    rest.remove_prefix(1);
    while (!rest.empty() && kSpace.find(rest.front()) != ByteView::npos)
      rest.remove_prefix(1);
    Bytes text = take_value(rest);
    if (equal_ignoring_case(found, name)) return text;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  return {};
}

}  // namespace understudy
