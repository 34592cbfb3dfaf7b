#include "protocols/http/tunnel_forwarder.h"

#include "protocols/core/first_bytes.h"
#include "protocols/core/pass_through.h"
#include "protocols/core/place.h"
#include "protocols/core/raw_decoder.h"
#include "protocols/http/blind_forwarder.h"
#include "protocols/http/http_forwarder.h"
#include "protocols/http/http_protocol.h"
#include "protocols/http/proxy_policy.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace understudy {

TunnelForwarder::TunnelForwarder(const ForwardRule& rule, Endpoint target, UpstreamNo upstream,
                                 ExchangeNo exchanges)
    : rule_(rule), target_(std::move(target)), upstream_(upstream), exchanges_(exchanges) {}

void TunnelForwarder::start(Link& link) {
  link.expect(Wait::FirstBytes);
}

Taken TunnelForwarder::client_bytes(ByteView unread, bool fin, Link& link) {
  if (stage_ != Stage::Outer && stage_ != Stage::Inner) return {0, true};
  if (unread.empty()) {
    if (fin) go_raw(link);
    return {};
  }
  if (stage_ == Stage::Outer && begins_tls(unread)) {
    meet_tls(link);
    return {0, true};
  }
  switch (http_protocol().guess(unread)) {
    case Guess::Sure:
    case Guess::Maybe: go_http(link); break;
    case Guess::No: go_raw(link); break;
    case Guess::NeedMore:
      if (fin) go_raw(link);
      break;
  }
  return {};
}

void TunnelForwarder::meet_tls(Link& link) {
  const ProxySettings& settings = *rule_.proxy;
  if (is_passthrough(settings, target_.host) ||
      (settings.passthrough_on_reject && link.was_rejected(target_.host))) {
    return go_blind(link);
  }
  stage_ = Stage::Securing;
  link.expect(Wait::None);
  link.secure_client(target_.host);
}

void TunnelForwarder::client_secured(const ClientTlsFacts& facts, Link& link) {
  if (stage_ != Stage::Securing) return;
  stage_ = Stage::Inner;
  server_name_ = facts.server_name;
  link.expect(Wait::FirstBytes);
}

/// A server that speaks first speaks no HTTP.
Taken TunnelForwarder::upstream_bytes(UpstreamNo, ByteView, bool, Link& link) {
  if (stage_ != Stage::Outer) return {0, true};
  go_raw(link);
  return {};
}

void TunnelForwarder::timed_out(Wait wait, Link& link) {
  if (wait == Wait::FirstBytes && (stage_ == Stage::Outer || stage_ == Stage::Inner)) go_raw(link);
}

/// Where the tunnel leads, TLS inside it or not, with the schemes that its place has then.
Route TunnelForwarder::route(std::string_view plain, std::string_view secure) const {
  Route route(target_);
  route.tls = stage_ == Stage::Inner;
  route.server_name = server_name_;
  route.place = place_of(route.tls ? secure : plain, target_);
  return route;
}

void TunnelForwarder::go_http(Link& link) {
  HttpForwarder::Before before;
  before.exchanges = exchanges_;
  before.upstream = upstream_;
  before.client_scheme = stage_ == Stage::Inner ? "https" : "http";
  auto routing = tunnel_routing(route("http", "https"));
  stage_ = Stage::Over;
  link.become(std::make_unique<HttpForwarder>(rule_, std::move(routing), std::move(before)));
}

void TunnelForwarder::go_raw(Link& link) {
  PassThroughForwarder::Before before;
  before.exchanges = exchanges_;
  before.upstream = upstream_;
  before.route = route("tcp", "tls");
  stage_ = Stage::Over;
  link.tape().speaks("raw");
  link.become(std::make_unique<PassThroughForwarder>(rule_, std::make_unique<RawDecoder>(),
                                                     std::move(before)));
}

void TunnelForwarder::go_blind(Link& link) {
  stage_ = Stage::Over;
  link.leads_to(upstream_, place_of("tls", target_));
  link.become(std::make_unique<BlindForwarder>(upstream_, exchanges_ + 1, to_string(target_)));
}

void TunnelForwarder::upstream_opened(UpstreamNo, Link&) {}
void TunnelForwarder::upstream_failed(UpstreamNo, const Error&, NoUpstream, Link&) {}

void TunnelForwarder::client_lost(const Error& error, Link& link) {
  if (stage_ == Stage::Over) return;
  if (stage_ == Stage::Securing) {
    link.tape().session_note(
        fmt::format("no TLS with the client for {}, which may not trust our "
                    "authority: {}",
                    to_string(target_), error.what));
    link.remember_rejection(target_.host);
    stage_ = Stage::Over;
    return link.close();
  }
  stage_ = Stage::Over;
  link.abort();
}

void TunnelForwarder::upstream_lost(UpstreamNo, const Error& error, Link& link) {
  if (stage_ == Stage::Over) return;
  stage_ = Stage::Over;
  link.tape().session_note(
      fmt::format("the tunnel to {} ended before it was used: {}", to_string(target_), error.what));
  link.abort();
}

void TunnelForwarder::stop(Link& link) {
  stage_ = Stage::Over;
  link.close();
}

}  // namespace understudy
