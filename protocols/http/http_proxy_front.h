// The forward proxy's front in replay: the same judgements as live (http_routing.h, SOCKS 5), but
// nothing is connected: every tunnel that may be is granted at once. One for each connection, one
// thread at a time.
#pragma once

#include "protocols/core/proxy_front.h"
#include "protocols/core/rule.h"
#include "protocols/http/http_routing.h"
#include "protocols/http/socks5_server.h"

#include <memory>
#include <string>

namespace understudy {

class HttpProxyFront final : public ProxyFront {
 public:
  /// `rule`, which has `proxy` set, and the certificate in `house` outlive it.
  HttpProxyFront(const ForwardRule& rule, const ProxyHouse& house);

  [[nodiscard]] bool begins_handshake(ByteView first) const override;
  [[nodiscard]] ProxyStep handshake(ByteView unread) override;
  [[nodiscard]] ProxyStep judge(ByteView request) override;

 private:
  [[nodiscard]] ProxyStep socks_request(Socks5Step asked) const;
  [[nodiscard]] ProxyStep refuse(std::uint16_t status, const std::string& why,
                                 bool head_alone) const;

  const ForwardRule& rule_;
  const ProxyHouse house_;
  const std::unique_ptr<HttpRouting> routing_;
  Socks5Server socks_;
};

}  // namespace understudy
