#include "protocols/http/proxy_forwarder.h"

#include "protocols/core/first_bytes.h"
#include "protocols/core/place.h"
#include "protocols/http/http_forwarder.h"
#include "protocols/http/http_routing.h"
#include "protocols/http/proxy_policy.h"
#include "protocols/http/tunnel_forwarder.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace understudy {
namespace {

Socks5Code code_of(NoUpstream why) {
  switch (why) {
    case NoUpstream::TimedOut: return Socks5Code::TimedOut;
    case NoUpstream::Loop: return Socks5Code::NotAllowed;
    case NoUpstream::Refused:
    case NoUpstream::Untrusted: break;
  }
  return Socks5Code::Refused;
}

}  // namespace

void ProxyForwarder::start(Link&) {}

Taken ProxyForwarder::client_bytes(ByteView unread, bool fin, Link& link) {
  if (over_) return {unread.size(), false};
  if (securing_ || asked_ != 0) return {0, true};
  if (socks_) return socks_bytes(unread, link);
  if (unread.empty()) {
    if (!fin) return {};
    over_ = true;
    link.close();
    return {};
  }
  if (!secured_ && begins_tls(unread)) {
    securing_ = true;
    link.secure_client({});
    return {0, true};
  }
  if (unread.front() == kSocks5Version) {
    socks_.emplace(*rule_.proxy);
    return socks_bytes(unread, link);
  }
  over_ = true;
  HttpForwarder::Before before;
  before.client_scheme = secured_ ? "https" : "http";
  link.become(std::make_unique<HttpForwarder>(rule_, proxy_routing(rule_, link.is_public()),
                                              std::move(before)));
  return {};
}

Taken ProxyForwarder::socks_bytes(ByteView unread, Link& link) {
  std::size_t used = 0;
  for (;;) {
    Socks5Step step = socks_->step(unread.substr(used));
    used += step.size;
    const ByteView reply = step.reply;
    switch (step.kind) {
      case Socks5Step::Kind::NeedMore: return {used, false};
      case Socks5Step::Kind::Reply: link.send_client({&reply, 1}); break;
      case Socks5Step::Kind::Request:
        socks_request(std::move(step.target), link);
        return {used, asked_ != 0};
      case Socks5Step::Kind::Failed:
        refuse(step.reply, step.why, link);
        return {unread.size(), false};
    }
  }
}

void ProxyForwarder::socks_request(Endpoint target, Link& link) {
  target_ = std::move(target);
  const ProxySettings& settings = *rule_.proxy;
  if (settings.refuse_connect) {
    return refuse(socks5_reply(Socks5Code::NotAllowed),
                  "tunnels are switched off (disableConnectForwarding)", link);
  }
  if (!may_connect(settings, link.is_public(), target_.port)) {
    return refuse(socks5_reply(Socks5Code::NotAllowed),
                  fmt::format("a tunnel to port {} is not allowed (connectPorts)", target_.port),
                  link);
  }
  Route route(target_);
  route.place = place_of("tcp", target_);
  asked_ = link.open(route);
}

/// Says no in the client's words and keeps the attempt as an exchange of ours.
void ProxyForwarder::refuse(const Bytes& reply, const std::string& why, Link& link) {
  over_ = true;
  Tape& tape = link.tape();
  tape.speaks("raw");
  tape.begin(1, Side::Client, asked_);
  tape.answered_by_us(1);
  const std::string asked_for = target_.host.empty() ? std::string() : to_string(target_);
  tape.facts(1, Facts{"SOCKS5", asked_for, 0});
  tape.end(1, Ending::CutByUs, "SOCKS5: " + why);
  const ByteView bytes = reply;
  if (!bytes.empty()) link.send_client({&bytes, 1});
  link.close();
}

void ProxyForwarder::upstream_opened(UpstreamNo upstream, Link& link) {
  if (over_ || upstream != asked_) return;
  over_ = true;
  const Bytes granted = socks5_reply(Socks5Code::Granted);
  const ByteView bytes = granted;
  link.send_client({&bytes, 1});
  link.tape().session_note(fmt::format("a SOCKS5 tunnel to {}", to_string(target_)));
  link.become(std::make_unique<TunnelForwarder>(rule_, target_, upstream, ExchangeNo{0}));
}

void ProxyForwarder::upstream_failed(UpstreamNo, const Error& error, NoUpstream why, Link& link) {
  if (!over_) refuse(socks5_reply(code_of(why)), describe(error), link);
}

Taken ProxyForwarder::upstream_bytes(UpstreamNo, ByteView, bool, Link&) {
  return {0, true};
}

void ProxyForwarder::client_secured(const ClientTlsFacts&, Link&) {
  securing_ = false;
  secured_ = true;
}

void ProxyForwarder::client_lost(const Error& error, Link& link) {
  if (std::exchange(over_, true)) return;
  if (!securing_) return link.abort();
  link.tape().session_note("no TLS with the client of the proxy: " + error.what);
  link.close();
}

void ProxyForwarder::upstream_lost(UpstreamNo, const Error& error, Link& link) {
  if (!over_) refuse(socks5_reply(Socks5Code::Failed), describe(error), link);
}

void ProxyForwarder::timed_out(Wait, Link&) {}

void ProxyForwarder::stop(Link& link) {
  if (std::exchange(over_, true)) return;
  link.close();
}

}  // namespace understudy
