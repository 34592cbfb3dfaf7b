// Request targets and authorities (RFC 9112 §3.2, RFC 3986 §3.2). Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"

#include <cstdint>
#include <optional>
#include <string>

namespace understudy {

/// A target taken apart. Views into what was parsed.
struct Target {
  ByteView scheme;     ///< "http" of an absolute target, else empty
  ByteView authority;  ///< "host:port" of an absolute target, else empty
  ByteView path;       ///< "/a/b"; empty for "http://host", "*" for OPTIONS *
  ByteView query;      ///< behind '?'; empty = none or nothing behind it
  /// Path and query as they stand: everything behind the authority.
  ByteView resource;
};
[[nodiscard]] Target parse_target(ByteView target);

/// What lists show of a request: path and query of an origin-form or absolute target, "/" where it
/// has neither; "*" and the authority of a CONNECT as they stand. A view of `written`, or static.
[[nodiscard]] ByteView resource_of(ByteView written);

/// "host", "host:80", "[::1]:80" taken apart (RFC 3986 §3.2); IPv6 loses its brackets. Nothing
/// where it is none: no host, one over 255 characters, user information, a port over 65535, or none
/// where `fallback_port` is 0.
[[nodiscard]] std::optional<Endpoint> parse_authority(ByteView text, std::uint16_t fallback_port);

/// 80 for "http", 443 for "https", else 0.
[[nodiscard]] std::uint16_t default_port(ByteView scheme);

/// "host:port" as a Host field says it: without the port where it is the scheme's default.
[[nodiscard]] std::string authority_of(const Endpoint& endpoint, ByteView scheme);

/// `authority` ("host", "host:80", "[::1]:80") is this endpoint under this scheme.
[[nodiscard]] bool names_endpoint(ByteView authority, const Endpoint& endpoint, ByteView scheme);

}  // namespace understudy
