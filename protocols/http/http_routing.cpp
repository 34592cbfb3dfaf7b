#include "protocols/http/http_routing.h"

#include "protocols/core/place.h"
#include "protocols/http/http_target.h"

#include <utility>

namespace understudy {
namespace {

HttpVerdict refuse_connect(std::string why) {
  HttpVerdict verdict;
  verdict.kind = HttpVerdict::Kind::Refuse;
  verdict.status = 405;
  verdict.why = std::move(why);
  return verdict;
}

class ReverseRouting final : public HttpRouting {
 public:
  explicit ReverseRouting(const ForwardRule& rule) : rule_(rule), request_(rule), reply_(rule) {}

  [[nodiscard]] HttpVerdict judge(ByteView, const HttpHead& info) const override {
    if (info.method_kind == HttpMethod::Connect) {
      return refuse_connect("CONNECT is for proxies, this is a forward rule");
    }
    HttpVerdict verdict;
    verdict.route = Route(rule_.upstream);
    verdict.route.tls = rule_.upstream_tls;
    return verdict;
  }
  void request_changes(ByteView head, const HttpHead& info,
                       std::vector<HeadChange>& out) const override {
    request_.changes(head, info, out);
  }
  void reply_changes(ByteView head, const HttpHead& info, ByteView client_origin,
                     std::vector<HeadChange>& out) const override {
    reply_.changes(head, info, client_origin, out);
  }

 private:
  const ForwardRule& rule_;
  const RequestRewrite request_;
  const ReplyMapping reply_;
};

class TunnelRouting final : public HttpRouting {
 public:
  explicit TunnelRouting(Route route) : route_(std::move(route)) {}

  [[nodiscard]] HttpVerdict judge(ByteView, const HttpHead& info) const override {
    if (info.method_kind == HttpMethod::Connect) {
      return refuse_connect("CONNECT within a tunnel: expected a request to " + route_.place);
    }
    HttpVerdict verdict;
    verdict.route = route_;
    return verdict;
  }
  void request_changes(ByteView, const HttpHead&, std::vector<HeadChange>&) const override {}

 private:
  const Route route_;
};

class TransparentRouting final : public HttpRouting {
 public:
  explicit TransparentRouting(const ForwardRule& rule) : rule_(rule) {}

  void client_named(const std::string& server_name) override { server_name_ = server_name; }

  [[nodiscard]] bool per_request() const override { return true; }

  [[nodiscard]] HttpVerdict judge(ByteView head, const HttpHead& info) const override {
    if (info.method_kind == HttpMethod::Connect) {
      return refuse_connect("CONNECT is for proxies, this is a transparent rule");
    }
    HttpVerdict verdict;
    // By Host the request is known, to the kernel's address it goes.
    Endpoint named = rule_.upstream;
    const ByteView authority = request_authority(head, info);
    if (!authority.empty()) {
      if (auto parsed = parse_authority(authority, default_port(rule_.client_scheme))) {
        named = std::move(*parsed);
      }
    } else if (!server_name_.empty()) {
      named.host = server_name_;
    }
    verdict.route = Route(rule_.upstream);
    verdict.route.tls = rule_.upstream_tls;
    verdict.route.server_name = server_name_.empty() ? named.host : server_name_;
    verdict.route.place = place_of(rule_.upstream_tls ? "https" : "http", named);
    return verdict;
  }
  void request_changes(ByteView, const HttpHead&, std::vector<HeadChange>&) const override {}

 private:
  const ForwardRule& rule_;
  std::string server_name_;
};

}  // namespace

std::unique_ptr<HttpRouting> reverse_routing(const ForwardRule& rule) {
  return std::make_unique<ReverseRouting>(rule);
}

std::unique_ptr<HttpRouting> tunnel_routing(Route route) {
  return std::make_unique<TunnelRouting>(std::move(route));
}

std::unique_ptr<HttpRouting> transparent_routing(const ForwardRule& rule) {
  return std::make_unique<TransparentRouting>(rule);
}

}  // namespace understudy
