// Where the requests of one connection go, and what is changed in their heads on the way: the part
// of the HTTP forwarder that differs between a reverse rule, a forward proxy, a tunnel through it
// and a transparent rule. One connection each, one thread at a time.
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/core/rule.h"
#include "protocols/http/http_rewrite.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

/// What becomes of a request.
struct HttpVerdict {
  enum class Kind : std::uint8_t {
    Forward,      ///< to `route`
    Tunnel,       ///< CONNECT: a connection to `route`, whose bytes are the client's
    Certificate,  ///< it asks for our authority's certificate
    Refuse,       ///< with `status`, because of `why`
  };
  Kind kind = Kind::Forward;
  std::uint16_t status = 0;
  std::string why;
  Route route;
};

class HttpRouting {
 public:
  virtual ~HttpRouting() = default;

  [[nodiscard]] virtual HttpVerdict judge(ByteView head, const HttpHead& info) const = 0;
  /// Each request may lead elsewhere; else the first one decides for all but CONNECT.
  [[nodiscard]] virtual bool per_request() const { return false; }
  /// The client named a server when it agreed on TLS; before any request. Empty = it did not.
  virtual void client_named(const std::string& server_name) { static_cast<void>(server_name); }
  /// Appends the changes that a request head needs, in order of offset.
  virtual void request_changes(ByteView head, const HttpHead& info,
                               std::vector<HeadChange>& out) const = 0;
  /// The same for a reply head; `client_origin` as ReplyMapping has it.
  virtual void reply_changes(ByteView head, const HttpHead& info, ByteView client_origin,
                             std::vector<HeadChange>& out) const {
    static_cast<void>(head);
    static_cast<void>(info);
    static_cast<void>(client_origin);
    static_cast<void>(out);
  }
};

/// A reverse rule: everything goes to its upstream. `rule` outlives it.
[[nodiscard]] std::unique_ptr<HttpRouting> reverse_routing(const ForwardRule& rule);

/// A forward proxy: absolute targets and CONNECT. `is_public`: others than this machine reach it.
/// `rule` outlives it and has `proxy` set.
[[nodiscard]] std::unique_ptr<HttpRouting> proxy_routing(const ForwardRule& rule, bool is_public);

/// The inside of a tunnel: everything goes to `route`, unchanged.
[[nodiscard]] std::unique_ptr<HttpRouting> tunnel_routing(Route route);

/// A transparent rule: everything goes to the rule's upstream, unchanged; the place is what the
/// request names. `rule` outlives it.
[[nodiscard]] std::unique_ptr<HttpRouting> transparent_routing(const ForwardRule& rule);

}  // namespace understudy
