// The inside of a tunnel through the forward proxy, until it is known what is spoken there.
//
//   first bytes:  TLS ──▶ passed on blind (passthrough), or our certificate, then looked at again
//                 HTTP ──▶ HttpForwarder        anything else, or a server that speaks first, or
//                                               silence ──▶ PassThroughForwarder (raw)
//
// The upstream is connected already: a CONNECT or SOCKS request is only granted then. TLS with it
// is agreed on once it is known what the client speaks inside, so that a certificate that is not
// good can be told in HTTP. One thread at a time, as forwarder.h says.
#pragma once

#include "protocols/core/forwarder.h"

#include <string>

namespace understudy {

class TunnelForwarder final : public Forwarder {
 public:
  /// `upstream` leads to `target`; the session had `exchanges` so far. `rule` outlives it and has
  /// `proxy` set.
  TunnelForwarder(const ForwardRule& rule, Endpoint target, UpstreamNo upstream,
                  ExchangeNo exchanges);

  void start(Link& link) override;
  Taken client_bytes(ByteView unread, bool fin, Link& link) override;
  Taken upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin, Link& link) override;
  void upstream_opened(UpstreamNo upstream, Link& link) override;
  void upstream_failed(UpstreamNo upstream, const Error& error, NoUpstream why,
                       Link& link) override;
  void client_secured(const ClientTlsFacts& facts, Link& link) override;
  void client_lost(const Error& error, Link& link) override;
  void upstream_lost(UpstreamNo upstream, const Error& error, Link& link) override;
  void timed_out(Wait wait, Link& link) override;
  void stop(Link& link) override;

 private:
  enum class Stage : std::uint8_t {
    Outer,     ///< nothing is known
    Securing,  ///< the client agrees on TLS with us
    Inner,     ///< it has; what it says inside is not known
    Over,      ///< ended, or handed on
  };

  void meet_tls(Link& link);
  void go_http(Link& link);
  void go_raw(Link& link);
  void go_blind(Link& link);
  [[nodiscard]] Route route(std::string_view plain, std::string_view secure) const;

  const ForwardRule& rule_;
  const Endpoint target_;
  const UpstreamNo upstream_;
  const ExchangeNo exchanges_;
  std::string server_name_;  ///< SNI; empty = none
  Stage stage_ = Stage::Outer;
};

}  // namespace understudy
