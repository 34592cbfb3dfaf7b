#include "protocols/transport/upstream_proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace understudy {

namespace {

/// A length of SOCKS fits into an octet (RFC 1929 §2).
constexpr std::size_t kMaxSocksText = 255;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
  return out;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool whole = stop == text.data() + text.size();
  if (error != std::errc() || !whole || text.empty()) return std::nullopt;
  return value;
}

/// "host:port", "[::1]:port", or a host alone: then the port is 0. Nothing = the port is no number.
std::optional<Endpoint> split_port(std::string_view text) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon == text.rfind(':')) {
    host = text.substr(0, colon);
    port = colon == std::string_view::npos ? "" : text.substr(colon);
  }
  if (port.empty()) return Endpoint{std::string(host), 0};
  const auto value = number<std::uint16_t>(port.substr(1));
  if (!port.starts_with(':') || !value || *value == 0) return std::nullopt;
  return Endpoint{std::string(host), *value};
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto octet = number<unsigned char>(text.substr(i + 1, 2), 16);
    if (text.size() - i < 3 || !octet) return std::nullopt;
    out += static_cast<char>(*octet);
    i += 2;
  }
  return out;
}

/// 4 or 16 octets; empty for what is no address.
std::string octets_of(const std::string& host) {
  const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  std::string octets(family == AF_INET ? 4 : 16, '\0');
  return inet_pton(family, host.c_str(), octets.data()) == 1 ? octets : "";
}

bool same_network(std::string_view a, std::string_view b, unsigned bits) {
  if (a.size() != b.size() || bits > a.size() * 8) return false;
  const std::size_t whole = bits / 8;
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) & 0xff & (0xff00 >> rest)) == 0;
}

/// `network` is an address, or one with "/bits".
bool covers_address(std::string_view network, const std::string& octets) {
  const std::size_t slash = network.find('/');
  const std::string base = octets_of(std::string(network.substr(0, slash)));
  if (base.empty()) return false;
  if (slash == std::string_view::npos) return base == octets;
  const auto bits = number<unsigned>(network.substr(slash + 1));
  return bits && same_network(base, octets, *bits);
}

bool covers_name(std::string_view entry, std::string_view name) {
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (entry.empty() || !name.ends_with(entry)) return false;
  return name.size() == entry.size() || name[name.size() - entry.size() - 1] == '.';
}

bool covers(const std::string& entry, const std::string& host, std::uint16_t port) {
  const std::optional<Endpoint> wanted = split_port(entry);
  if (!wanted || (wanted->port != 0 && wanted->port != port)) return false;
  if (wanted->host == "*") return true;
  const std::string octets = octets_of(host);
  return octets.empty() ? covers_name(wanted->host, host) : covers_address(wanted->host, octets);
}

/// What can be shown of a proxy's address: no credentials.
std::string_view without_credentials(std::string_view text) {
  return text.substr(text.rfind('@') + 1);  // npos + 1 is 0
}

}  // namespace

Result<UpstreamProxy> parse_upstream_proxy(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return std::unexpected(
        Error(ErrorSource::Config, "",
              fmt::format("upstream proxy \"{}\": {}; expected http://[user:password@]host:port or "
                          "socks5://[user:password@]host:port",
                          without_credentials(text), why)));
  };
  UpstreamProxy proxy;
  std::string_view rest = text;
  if (const std::size_t end = text.find("://"); end != std::string_view::npos) {
    const std::string scheme = lower(text.substr(0, end));
    const bool socks = scheme == "socks5" || scheme == "socks5h";
    if (scheme != "http" && !socks) return refuse("it has another scheme");
    if (socks) proxy.kind = UpstreamProxy::Kind::Socks5;
    rest.remove_prefix(end + 3);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = rest.substr(0, at);
    const std::size_t colon = login.find(':');
    const auto user = percent_decoded(login.substr(0, colon));
    const auto password =
        percent_decoded(colon == std::string_view::npos ? "" : login.substr(colon + 1));
    if (!user || !password) return refuse("its user or password has a bad %-escape");
    if (user->size() > kMaxSocksText || password->size() > kMaxSocksText) {
      return refuse("its user or password has more than 255 characters");
    }
    proxy.user = *user;
    proxy.password = *password;
    rest.remove_prefix(at + 1);
  }
  const std::optional<Endpoint> at = split_port(rest);
  if (!at || at->host.empty() || at->port == 0) return refuse("it has no host and port");
  proxy.at = *at;
  return proxy;
}

std::vector<std::string> parse_no_proxy(std::string_view text) {
  constexpr std::string_view kBetween = ", \t\r\n";
  std::vector<std::string> entries;
  for (std::size_t begin = text.find_first_not_of(kBetween); begin != std::string_view::npos;) {
    const std::size_t end = text.find_first_of(kBetween, begin);
    entries.push_back(lower(text.substr(begin, end - begin)));
    begin = text.find_first_not_of(kBetween, end);
  }
  return entries;
}

bool goes_direct(const UpstreamProxy& proxy, const Endpoint& destination) {
  std::string host = lower(destination.host);
  if (host.ends_with('.')) host.pop_back();
  return std::ranges::any_of(proxy.except, [&](const std::string& entry) {
    return covers(entry, host, destination.port);
  });
}

}  // namespace understudy
