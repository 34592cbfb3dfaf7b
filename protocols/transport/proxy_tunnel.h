// Asking an upstream proxy for a tunnel: CONNECT (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928, with the
// user and password of RFC 1929).
//
//   CONNECT api:443 HTTP/1.1 ────▶           05 methods… ────▶
//        ◀──── HTTP/1.1 200 …                     ◀──── 05 method
//                                            01 user password ────▶       (method 02 alone)
//                                                 ◀──── 01 00
//                                            05 01 00 name port ────▶
//                                                 ◀──── 05 00 00 address port
//
// Of what the proxy sends only its own words are read: what follows is the upstream's.
#pragma once

#include "protocols/core/rule.h"
#include "protocols/transport/connector.h"
#include "protocols/transport/stream.h"
#include "protocols/transport/upstream_proxy.h"

#include <chrono>
#include <string>

namespace understudy {

/// What asking came to.
struct TunnelOutcome {
  /// "refused CONNECT to api:443: 403 Forbidden": what the proxy did instead; empty = there is one.
  std::string why;
  bool timed_out = false;
  TunnelOutcome() = default;
};

/// Over a `stream` that is connected to `proxy`. Leads to `destination` afterwards; where it
/// failed, it is of no use any more. `deadline` and cancel() close it. Stream, proxy and `cancel`
/// outlive the call.
[[nodiscard]] Task<TunnelOutcome> open_tunnel(Stream& stream, const UpstreamProxy& proxy,
                                              Endpoint destination,
                                              std::chrono::steady_clock::time_point deadline,
                                              ConnectCancel& cancel);

}  // namespace understudy
