#include "protocols/http/http_reply_render.h"

#include "protocols/content/media_type.h"
#include "protocols/http/http_syntax.h"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {
namespace {

/// Stands for the client's origin until a live client is there; cannot occur in a head.
constexpr ByteView kOriginMark{"\0", 1};

/// Length of the only date format that servers may send (RFC 9110 §5.6.7).
constexpr std::size_t kDateSize = 29;

}  // namespace

ReplyRenderer::ReplyRenderer(const HttpMessage& message, const ForwardRule& rule)
    : message_(message) {
  if (!rule.proxy && !rule.transparent) mapping_.emplace(rule);
  for_each_field(message_.head, message_.info, [&](ByteView name, HeadRange value, HeadRange) {
    if (!is_named(name, "connection")) return;
    for_each_member(value.of(message_.head), [&](ByteView option) {
      if (!is_named(option, "keep-alive")) named_by_connection_.push_back(option);
    });
  });
}

bool ReplyRenderer::drops(ByteView name, Framing framing, bool keep_coding) const {
  const bool chunks_stay = message_.info.chunked && framing == Framing::AsRecorded;
  if (is_named(name, "transfer-encoding") || is_named(name, "trailer")) return !chunks_stay;
  if (is_named(name, "content-encoding")) return !keep_coding;
  if (is_named(name, "content-length")) return false;
  if (is_named(name, "connection") || is_named(name, "keep-alive") || is_named(name, "te") ||
      is_named(name, "upgrade") || (name.size() > 6 && is_named(name.substr(0, 6), "proxy-"))) {
    return true;
  }
  return std::any_of(named_by_connection_.begin(), named_by_connection_.end(),
                     [&](ByteView option) { return equal_ignoring_case(option, name); });
}

RenderedReply ReplyRenderer::head(Framing framing, std::uint64_t length, bool keep_coding) const {
  std::vector<HeadChange> changes;
  if (mapping_) mapping_->changes(message_.head, message_.info, kOriginMark, changes);
  RenderedReply out;
  out.bytes = message_.head.substr(0, message_.info.fields);
  bool has_length = false;
  for_each_field(message_.head, message_.info, [&](ByteView name, HeadRange, HeadRange line) {
    if (drops(name, framing, keep_coding)) return;
    if (framing == Framing::Length && is_named(name, "content-length")) {
      if (!has_length) out.bytes += fmt::format("{}: {}\r\n", name, length);
      has_length = true;
      return;
    }
    render_field(out, name, line, changes);
  });
  if (framing == Framing::Length && !has_length) {
    out.bytes += fmt::format("Content-Length: {}\r\n", length);
  }
  out.head = out.bytes.size();
  out.bytes += "\r\n";
  return out;
}

/// Copies one field line with the changes that fall into it.
void ReplyRenderer::render_field(RenderedReply& out, ByteView name, HeadRange line,
                                 const std::vector<HeadChange>& changes) const {
  if (is_named(name, "date") && message_.info.date.size() == kDateSize &&
      message_.info.date.begin >= line.begin && message_.info.date.end <= line.end) {
    out.date_at = out.bytes.size() + (message_.info.date.begin - line.begin);
  }
  std::uint32_t at = line.begin;
  for (const HeadChange& change : changes) {
    if (change.offset < line.begin || change.offset >= line.end) continue;
    out.bytes += message_.head.substr(at, change.offset - at);
    if (change.with == kOriginMark) {
      out.origins.push_back(out.bytes.size());
    } else {
      out.bytes += change.with;
    }
    at = change.offset + change.old_size;
  }
  out.bytes += message_.head.substr(at, line.end - at);
}

}  // namespace understudy
