// A new connection to the forward proxy, until it is known how the client speaks to it.
//
//   first byte:  22 ──▶ TLS with our certificate, then looked at again (https_proxy=https://…)
//                 5 ──▶ SOCKS5 (RFC 1928): a connection to where it asks, then a TunnelForwarder
//              else ──▶ HttpForwarder with the proxy's routing
//
// One thread at a time, as forwarder.h says.
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/http/socks5_server.h"

#include <optional>
#include <string>

namespace understudy {

class ProxyForwarder final : public Forwarder {
 public:
  /// `rule` outlives the forwarder and has `proxy` set.
  explicit ProxyForwarder(const ForwardRule& rule) : rule_(rule) {}

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
  Taken socks_bytes(ByteView unread, Link& link);
  void socks_request(Endpoint target, Link& link);
  void refuse(const Bytes& reply, const std::string& why, Link& link);

  const ForwardRule& rule_;
  bool secured_ = false;   ///< the client speaks TLS to us
  bool securing_ = false;  ///< it is about to
  bool over_ = false;      ///< ended, or handed on
  std::optional<Socks5Server> socks_;
  Endpoint target_;       ///< what SOCKS asked for
  UpstreamNo asked_ = 0;  ///< its connection; 0 = not asked for yet
};

}  // namespace understudy
