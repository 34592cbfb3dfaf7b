// Where a redirected connection was going before the kernel sent it here (netfilter's REDIRECT).
#pragma once

#include "protocols/transport/asio.h"

#include <optional>

namespace understudy {

/// What conntrack remembers of the connected socket `fd`; nothing = it was not redirected, or
/// another machine did it, or this one keeps no track of connections. An IPv4 client on an IPv6
/// socket is asked for as the IPv4 connection that it is.
[[nodiscard]] std::optional<Tcp::endpoint> redirected_from(int fd, const Tcp::endpoint& local);

}  // namespace understudy
