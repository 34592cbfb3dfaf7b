#include "protocols/http/http_key.h"

#include "protocols/content/form.h"
#include "protocols/content/json_canonical.h"
#include "protocols/content/media_type.h"
#include "protocols/content/multipart.h"
#include "protocols/content/percent.h"
#include "protocols/http/http_message.h"
#include "protocols/http/http_syntax.h"
#include "protocols/http/http_target.h"

#include <algorithm>
#include <vector>

namespace understudy {
namespace {

void append_target(ByteView target, Bytes& out) {
  const Target parts = parse_target(target);
  if (parts.path.find('%') == ByteView::npos) {
    out += parts.path.empty() ? ByteView("/") : parts.path;
  } else {
    append_normalized_path(parts.path, out);
  }
  if (parts.query.empty()) return;
  out += '?';
  append_canonical_form(parts.query, out);
}

void append_fields(ByteView head, const HttpHead& info, MatchKey& out) {
  std::vector<Bytes> conditions;
  for_each_field(head, info, [&](ByteView name, HeadRange value, HeadRange) {
    if (is_named(name, "range")) {
      out.key += "\nrange:";
      out.key += value.of(head);
    } else if (name.size() > 3 && is_named(name.substr(0, 3), "if-")) {
      Bytes condition;
      std::transform(name.begin(), name.end(), std::back_inserter(condition), to_lower);
      condition += ':';
      condition += value.of(head);
      conditions.push_back(std::move(condition));
    }
  });
  std::sort(conditions.begin(), conditions.end());
  for (const Bytes& condition : conditions) {
    out.condition += condition;
    out.condition += '\n';
  }
}

void append_body(const HttpMessage& message, Bytes& out) {
  const std::optional<Bytes> decoded = content_of(Side::Client, message);
  const ByteView content = decoded ? ByteView(*decoded) : message.body;
  if (content.empty()) return;
  const ByteView type = message.info.content_type.of(message.head);
  const std::size_t before = out.size();
  switch (body_kind(type)) {
    case BodyKind::Json:
      out += "\njson ";
      if (append_canonical_json(content, out)) return;
      break;
    case BodyKind::Form:
      out += "\nform ";
      append_canonical_form(content, out);
      return;
    case BodyKind::Multipart:
      out += "\nmultipart ";
      if (append_canonical_multipart(type, content, out)) return;
      break;
    case BodyKind::Other: break;
  }
  out.resize(before);
  out += "\nbytes ";
  out += content;
}

}  // namespace

bool http_key(ByteView request, ByteView place, MatchKey& out) {
  HeadReader reader(Side::Client);
  if (reader.read(request) != HeadReader::Result::Complete) return false;
  const HttpHead& info = reader.head();
  const ByteView head = request.substr(0, info.size);
  const ByteView body = request.substr(info.size);
  if (!place.empty()) {
    out.key += place;
    out.key += ' ';
  }
  out.key += info.method.of(head);
  out.key += ' ';
  append_target(info.target.of(head), out.key);
  out.hints =
      kHintsKnown | (info.minor == 0 ? kHintHttp10 : 0) | (info.persistent() ? kHintPersistent : 0);
  if (info.range || info.conditional) append_fields(head, info, out);
  if (!body.empty()) append_body({info, {}, head, body}, out.key);
  return true;
}

}  // namespace understudy
