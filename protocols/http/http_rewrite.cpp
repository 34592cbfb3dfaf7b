#include "protocols/http/http_rewrite.h"

#include "protocols/content/media_type.h"
#include "protocols/http/http_syntax.h"
#include "protocols/http/http_target.h"

#include <algorithm>

namespace understudy {

void append_pieces(ByteView head, const std::vector<HeadChange>& changes,
                   std::vector<ByteView>& pieces) {
  std::size_t at = 0;
  for (const HeadChange& change : changes) {
    if (change.offset > at) pieces.push_back(head.substr(at, change.offset - at));
    if (!change.with.empty()) pieces.push_back(change.with);
    at = change.offset + change.old_size;
  }
  if (at < head.size()) pieces.push_back(head.substr(at));
}

ByteView request_authority(ByteView head, const HttpHead& info) {
  const Target target = parse_target(info.target.of(head));
  return target.scheme.empty() ? info.host.of(head) : target.authority;
}

RequestRewrite::RequestRewrite(const ForwardRule& rule)
    : host_(rule.preserve_host ? "" : authority_of(rule.upstream, rule.upstream_scheme)),
      prefix_(rule.path_prefix),
      prefix_root_(rule.path_prefix + "/") {}

void RequestRewrite::changes(ByteView head, const HttpHead& info,
                             std::vector<HeadChange>& out) const {
  const Target target = parse_target(info.target.of(head));
  const bool absolute = !target.scheme.empty();
  const bool asterisk = target.path == "*" ||
                        (absolute && target.resource.empty() && info.method.of(head) == "OPTIONS");
  const auto cut = static_cast<std::uint32_t>(info.target.size() - target.resource.size());
  if (asterisk) {
    if (absolute) out.push_back({info.target.begin, cut, "*"});
  } else if (!target.resource.starts_with('/')) {
    out.push_back({info.target.begin, cut, prefix_root_});
  } else if (cut > 0 || !prefix_.empty()) {
    out.push_back({info.target.begin, cut, prefix_});
  }
  if (info.host_count == 0) return;
  // RFC 9112 §3.2.2: an absolute target outweighs the Host that came with it.
  const ByteView host = !host_.empty() ? ByteView(host_) : absolute ? target.authority : ByteView();
  if (!host.empty() && host != info.host.of(head)) {
    out.push_back({info.host.begin, info.host.size(), host});
  }
}

ReplyMapping::ReplyMapping(const ForwardRule& rule)
    : upstream_(rule.upstream), scheme_(rule.upstream_scheme), prefix_(rule.path_prefix) {}

void ReplyMapping::changes(ByteView head, const HttpHead& info, ByteView client_origin,
                           std::vector<HeadChange>& out) const {
  if (!concerns(info)) return;
  const std::size_t first = out.size();
  if (!info.location.empty()) link(head, info.location, client_origin, out);
  if (!info.content_location.empty()) link(head, info.content_location, client_origin, out);
  if (info.set_cookie) {
    for_each_field(head, info, [&](ByteView name, HeadRange value, HeadRange) {
      if (is_named(name, "set-cookie")) cookie(head, value, out);
    });
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
            [](const HeadChange& a, const HeadChange& b) { return a.offset < b.offset; });
}

/// How much of `path` is the rule's prefix: all of it, or 0.
std::uint32_t ReplyMapping::prefix_length(ByteView path) const {
  if (prefix_.empty() || !path.starts_with(prefix_)) return 0;
  const ByteView rest = path.substr(prefix_.size());
  const bool whole =
      rest.empty() || rest.front() == '/' || rest.front() == '?' || rest.front() == '#';
  return whole ? static_cast<std::uint32_t>(prefix_.size()) : 0;
}

void ReplyMapping::link(ByteView head, HeadRange value, ByteView client_origin,
                        std::vector<HeadChange>& out) const {
  const ByteView text = value.of(head);
  if (text.starts_with('/') && !text.starts_with("//")) {
    const std::uint32_t cut = prefix_length(text);
    if (cut > 0) {
      out.push_back({value.begin, cut, cut == text.size() ? ByteView("/") : ByteView()});
    }
    return;
  }
  ByteView authority;
  std::size_t begin = 2;  // of the authority, behind "//"
  if (!text.starts_with("//")) {
    const std::size_t colon = text.find("://");
    if (colon == ByteView::npos || !equal_ignoring_case(text.substr(0, colon), scheme_)) return;
    begin = colon + 3;
  }
  authority = text.substr(begin);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (client_origin.empty() || !names_endpoint(authority, upstream_, scheme_)) return;
  const auto end = static_cast<std::uint32_t>(begin + authority.size());
  out.push_back({value.begin, end + prefix_length(text.substr(end)), client_origin});
}

void ReplyMapping::cookie(ByteView head, HeadRange value, std::vector<HeadChange>& out) const {
  const ByteView text = value.of(head);
  for (std::size_t at = text.find(';'); at != ByteView::npos; at = text.find(';', at + 1)) {
    const ByteView attribute = text.substr(at + 1, text.find(';', at + 1) - at - 1);
    const std::size_t equals = attribute.find('=');
    if (equals == ByteView::npos || !is_named(trim(attribute.substr(0, equals)), "domain"))
      continue;
    ByteView domain = trim(attribute.substr(equals + 1));
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (!equal_ignoring_case(domain, upstream_.host)) continue;
    out.push_back({value.begin + static_cast<std::uint32_t>(at),
                   static_cast<std::uint32_t>(attribute.size() + 1),
                   {}});
  }
}

}  // namespace understudy
