#include "protocols/http/http_fields.h"

#include "protocols/content/form.h"
#include "protocols/content/hex.h"
#include "protocols/content/json_leaves.h"
#include "protocols/content/media_type.h"
#include "protocols/http/http_message.h"
#include "protocols/http/http_syntax.h"
#include "protocols/http/http_target.h"

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

/// Leaves of one JSON body that become fields; a miss report of more helps nobody.
constexpr std::size_t kMaxBodyFields = 1000;

ByteRange shifted(HeadRange range, std::size_t by) {
  return {range.begin + by, range.end + by};
}

void add_request_line(const HttpMessage& message, std::vector<Field>& out) {
  const HttpHead& info = message.info;
  out.push_back({"method", Bytes(info.method.of(message.head)), shifted(info.method, 0)});
  const Target target = parse_target(info.target.of(message.head));
  const auto offset = [&](ByteView part) {
    const auto begin = static_cast<std::uint64_t>(part.data() - message.head.data());
    return ByteRange{begin, begin + part.size()};
  };
  out.push_back(
      {"path", Bytes(target.path), target.path.empty() ? ByteRange{} : offset(target.path)});
  for (auto& [name, value] : form_fields(target.query)) {
    out.push_back({"query." + name, std::move(value), {}});
  }
}

void add_headers(const HttpMessage& message, std::vector<Field>& out) {
  for_each_field(message.head, message.info, [&](ByteView name, HeadRange value, HeadRange) {
    Field& field = out.emplace_back();
    field.name = "header.";
    std::transform(name.begin(), name.end(), std::back_inserter(field.name), to_lower);
    field.value = value.of(message.head);
    field.in_key = field.name == "header.range";
    field.range = shifted(value, message.interims.size());
  });
}

void add_body(Side from, const HttpMessage& message, std::vector<Field>& out) {
  const std::optional<Bytes> decoded = content_of(from, message);
  const ByteView content = decoded ? ByteView(*decoded) : message.body;
  if (content.empty()) return;
  // Offsets of the content are offsets of the message only where no coding stands between.
  const std::size_t body_at = message.interims.size() + message.head.size();
  const bool in_place = !is_coded(message);
  const BodyKind kind = body_kind(message.info.content_type.of(message.head));
  if (kind == BodyKind::Json) {
    if (auto leaves = json_leaves(content, kMaxBodyFields)) {
      for (JsonLeaf& leaf : *leaves) {
        const ByteRange range{leaf.range.begin + body_at, leaf.range.end + body_at};
        out.push_back(
            {"body:" + leaf.pointer, std::move(leaf.value), in_place ? range : ByteRange{}});
      }
      return;
    }
  }
  if (kind == BodyKind::Form) {
    for (auto& [name, value] : form_fields(content)) {
      out.push_back({"form." + name, std::move(value), {}});
    }
    return;
  }
  const ByteView shown = content.substr(0, kMaxFieldBytes);
  out.push_back({"body", is_text(shown) ? std::string(shown) : to_hex(shown),
                 in_place ? ByteRange{body_at, body_at + shown.size()} : ByteRange{}});
}

}  // namespace

OwnedFacts http_facts(ByteView request, ByteView reply) {
  OwnedFacts facts;
  if (const auto message = parse_message(Side::Client, request)) {
    facts.method = message->info.method.of(message->head);
    facts.resource = resource_of(message->info.target.of(message->head));
  }
  if (const auto message = parse_message(Side::Server, reply)) facts.status = message->info.status;
  return facts;
}

std::vector<Field> http_fields(Side from, ByteView message) {
  std::vector<Field> fields;
  const auto parsed = parse_message(from, message.substr(0, kMaxFieldBytes + kMaxHeadBytes));
  if (!parsed) return fields;
  if (from == Side::Client) {
    add_request_line(*parsed, fields);
  } else {
    fields.push_back({"status", std::to_string(parsed->info.status), {}});
  }
  add_headers(*parsed, fields);
  add_body(from, *parsed, fields);
  return fields;
}

std::optional<MessageDetail> http_detail(Side from, ByteView message) {
  const auto parsed = parse_message(from, message);
  if (!parsed) return std::nullopt;
  MessageDetail detail;
  for_each_field(parsed->head, parsed->info, [&](ByteView name, HeadRange value, HeadRange) {
    detail.headers.emplace_back(name, value.of(parsed->head));
  });
  if (auto content = content_of(from, *parsed)) {
    detail.body = *std::move(content);
  } else {
    detail.body = parsed->body;
    detail.body_decoded = false;
  }
  return detail;
}

}  // namespace understudy
