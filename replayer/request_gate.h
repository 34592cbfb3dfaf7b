// What stands in front of the requests of a connection to a forward proxy: it says where each one
// leads, or answers itself. Sans-io; one for each connection, used with it.
#pragma once

#include "protocols/core/proxy_front.h"
#include "replayer/conversation.h"

#include <memory>

namespace understudy {

class RequestGate {
 public:
  virtual ~RequestGate() = default;

  /// As ProxyFront::judge().
  [[nodiscard]] virtual ProxyStep judge(ByteView request) = 0;
  /// What goes on with the connection once a tunnel to `destination` was granted.
  [[nodiscard]] virtual std::unique_ptr<Conversation> tunnel(const Endpoint& destination) = 0;
};

}  // namespace understudy
