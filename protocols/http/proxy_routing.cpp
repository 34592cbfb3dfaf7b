// The forward proxy's routing (RFC 9112 §3.2.2 and §3.2.3, RFC 9110 §9.3.6): absolute targets go
// where they say, CONNECT becomes a tunnel, origin form is for ourselves or, on a rule that is
// reached through a hosts file, goes where its Host says.
#include "protocols/content/media_type.h"
#include "protocols/core/place.h"
#include "protocols/http/http_own_replies.h"
#include "protocols/http/http_routing.h"
#include "protocols/http/http_syntax.h"
#include "protocols/http/http_target.h"
#include "protocols/http/proxy_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

/// Fields for us alone (RFC 9110 §11.7.2; Proxy-Connection is of no standard and common).
bool is_for_proxy(ByteView name) {
  return is_named(name, "proxy-authorization") || is_named(name, "proxy-connection");
}

class ProxyRouting final : public HttpRouting {
 public:
  ProxyRouting(const ForwardRule& rule, bool is_public)
      : settings_(*rule.proxy), is_public_(is_public) {}

  [[nodiscard]] bool per_request() const override { return true; }
  [[nodiscard]] HttpVerdict judge(ByteView head, const HttpHead& info) const override;
  void request_changes(ByteView head, const HttpHead& info,
                       std::vector<HeadChange>& out) const override;

 private:
  [[nodiscard]] HttpVerdict connect(ByteView target) const;
  [[nodiscard]] HttpVerdict origin_form(ByteView head, const HttpHead& info,
                                        const Target& target) const;
  [[nodiscard]] static HttpVerdict refuse(std::uint16_t status, std::string why);
  [[nodiscard]] static HttpVerdict forward(ByteView scheme, ByteView authority);

  const ProxySettings& settings_;
  const bool is_public_;
};

HttpVerdict ProxyRouting::refuse(std::uint16_t status, std::string why) {
  HttpVerdict verdict;
  verdict.kind = HttpVerdict::Kind::Refuse;
  verdict.status = status;
  verdict.why = std::move(why);
  return verdict;
}

HttpVerdict ProxyRouting::judge(ByteView head, const HttpHead& info) const {
  const ByteView written = info.target.of(head);
  const Target target = parse_target(written);
  const bool is_connect = info.method_kind == HttpMethod::Connect;
  if (!is_connect && target.scheme.empty() && target.path == kCertificatePath) {
    HttpVerdict verdict;
    verdict.kind = HttpVerdict::Kind::Certificate;
    return verdict;
  }
  ByteView credentials;
  for_each_field(head, info, [&](ByteView name, HeadRange value, HeadRange) {
    if (is_named(name, "proxy-authorization")) credentials = value.of(head);
  });
  // Who is led here by a hosts file does not know that this is a proxy, and cannot log in.
  const bool unaware = settings_.by_host && !is_connect && target.scheme.empty();
  if (!unaware && !is_authorized(settings_, credentials)) {
    return refuse(407, "this proxy asks for a user name and a password (Basic)");
  }
  if (is_connect) return connect(written);
  if (target.scheme.empty()) return origin_form(head, info, target);
  const bool known = is_named(target.scheme, "http") || is_named(target.scheme, "https");
  if (!known) {
    return refuse(400, fmt::format("\"{}\" targets are not forwarded, expected http or https",
                                   target.scheme));
  }
  return forward(target.scheme, target.authority);
}

HttpVerdict ProxyRouting::connect(ByteView target) const {
  if (settings_.refuse_connect) {
    return refuse(405, "CONNECT is switched off (disableConnectForwarding)");
  }
  std::optional<Endpoint> endpoint = parse_authority(target, 0);
  if (!endpoint || endpoint->port == 0) {
    return refuse(400, fmt::format("CONNECT to \"{}\": expected HOST:PORT", target));
  }
  if (!may_connect(settings_, is_public_, endpoint->port)) {
    return refuse(403,
                  fmt::format("CONNECT to port {} is not allowed (connectPorts)", endpoint->port));
  }
  HttpVerdict verdict;
  verdict.kind = HttpVerdict::Kind::Tunnel;
  verdict.route = Route(std::move(*endpoint));
  verdict.route.place = place_of("tcp", verdict.route.destination);
  return verdict;
}

HttpVerdict ProxyRouting::origin_form(ByteView head, const HttpHead& info,
                                      const Target& target) const {
  const ByteView host = info.host.of(head);
  if (settings_.by_host && !host.empty() && target.path.starts_with('/')) {
    return forward("http", host);
  }
  return refuse(400, settings_.by_host
                         ? "the request names no host: expected a Host field or an absolute target"
                         : "this is a forward proxy: expected an absolute target, as in GET "
                           "http://host/path, or CONNECT");
}

HttpVerdict ProxyRouting::forward(ByteView scheme, ByteView authority) {
  std::optional<Endpoint> endpoint = parse_authority(authority, default_port(scheme));
  if (!endpoint) return refuse(400, fmt::format("\"{}\": expected HOST or HOST:PORT", authority));
  HttpVerdict verdict;
  verdict.route = Route(std::move(*endpoint));
  verdict.route.tls = is_named(scheme, "https");
  verdict.route.place = place_of(verdict.route.tls ? "https" : "http", verdict.route.destination);
  return verdict;
}

void ProxyRouting::request_changes(ByteView head, const HttpHead& info,
                                   std::vector<HeadChange>& out) const {
  const std::size_t first = out.size();
  const Target target = parse_target(info.target.of(head));
  if (!target.scheme.empty()) {
    const auto cut = static_cast<std::uint32_t>(info.target.size() - target.resource.size());
    const bool asterisk = target.resource.empty() && info.method.of(head) == "OPTIONS";
    const ByteView root = target.resource.starts_with('/') ? ByteView() : ByteView("/");
    out.push_back({info.target.begin, cut, asterisk ? ByteView("*") : root});
    if (info.host_count > 0 && target.authority != info.host.of(head)) {
      out.push_back({info.host.begin, info.host.size(), target.authority});
    }
  }
  for_each_field(head, info, [&](ByteView name, HeadRange, HeadRange line) {
    if (is_for_proxy(name)) out.push_back({line.begin, line.size(), {}});
  });
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
            [](const HeadChange& a, const HeadChange& b) { return a.offset < b.offset; });
}

}  // namespace

std::unique_ptr<HttpRouting> proxy_routing(const ForwardRule& rule, bool is_public) {
  return std::make_unique<ProxyRouting>(rule, is_public);
}

}  // namespace understudy
