// The proxy that stands between us and the upstreams, as a user writes it down, and what it is not
// asked for. Plain values, safe on any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

struct UpstreamProxy {
  enum class Kind : std::uint8_t { Http, Socks5 };
  Kind kind = Kind::Http;
  Endpoint at;
  std::string user, password;       ///< both empty = it asks for none
  std::vector<std::string> except;  ///< as parse_no_proxy() returns it
};

/// Reads "http://[user:password@]host:port", "socks5://…" or "socks5h://…" (names are always
/// resolved by the proxy), "host:port" (HTTP). User and password may be percent-encoded. Errors:
/// Config, without the password.
[[nodiscard]] Result<UpstreamProxy> parse_upstream_proxy(std::string_view text);

/// What NO_PROXY holds: entries between commas or blanks, in lower case.
[[nodiscard]] std::vector<std::string> parse_no_proxy(std::string_view text);

/// Whether `destination` is connected to without the proxy. An entry of `proxy.except` means what
/// it means to curl, and may end with ":port":
///   "*"                              everything
///   "example.com", ".example.com"    that name and all below it
///   "192.0.2.1", "::1", "[::1]"      that address
///   "192.0.2.0/24", "2001:db8::/32"  the addresses of that network
/// Names are not resolved, and loopback is a destination like others.
[[nodiscard]] bool goes_direct(const UpstreamProxy& proxy, const Endpoint& destination);

}  // namespace understudy
