#include "protocols/transport/original_destination.h"

#include <netinet/in.h>
#include <sys/socket.h>
// After the system's own: they tell Linux's headers what is declared already.
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

namespace understudy {

std::optional<Tcp::endpoint> redirected_from(int fd, const Tcp::endpoint& local) {
  const asio::ip::address address = local.address();
  const bool six = address.is_v6() && !address.to_v6().is_v4_mapped();
  const int level = six ? IPPROTO_IPV6 : IPPROTO_IP;
  const int option = six ? IP6T_SO_ORIGINAL_DST : SO_ORIGINAL_DST;
  Tcp::endpoint original;
  auto size = static_cast<socklen_t>(original.capacity());
  if (::getsockopt(fd, level, option, original.data(), &size) != 0) return std::nullopt;
  original.resize(size);
  return original;
}

}  // namespace understudy
