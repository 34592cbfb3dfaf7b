// What a forward proxy lets its clients do, live and in replay alike. Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"

#include <cstdint>

namespace understudy {

/// Path under which a proxy serves the certificate of our authority, whatever the Host.
inline constexpr ByteView kCertificatePath = "/understudy/ca.pem";

/// A tunnel may lead to `port`. `is_public`: others than this machine reach the proxy.
[[nodiscard]] bool may_connect(const ProxySettings& settings, bool is_public, std::uint16_t port);

/// `value` of a Proxy-Authorization field, empty = there is none, names a user who may pass (Basic,
/// RFC 7617). Takes as long for every wrong password.
[[nodiscard]] bool is_authorized(const ProxySettings& settings, ByteView value);
/// The same of a user name and a password in plain (SOCKS).
[[nodiscard]] bool is_authorized(const ProxySettings& settings, ByteView user, ByteView password);

/// Tunnels to `host` (a name, or an address without brackets) are passed on blind.
[[nodiscard]] bool is_passthrough(const ProxySettings& settings, ByteView host);

}  // namespace understudy
