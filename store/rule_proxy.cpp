#include "store/rule_proxy.h"

#include "store/rule_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace understudy {
namespace {

/// Stands for the port where a host of a list has none.
constexpr std::uint16_t kNoPort = 1;

Error wrong(std::string what) {
  return {ErrorSource::Config, "", std::move(what)};
}

std::vector<std::string_view> items(std::string_view list) {
  std::vector<std::string_view> found;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    found.push_back(trimmed(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return found;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, port);
  if (text.empty() || problem != std::errc() || stopped != end || port == 0) return std::nullopt;
  return port;
}

/// Appends "443" or "9000-9010"; false: it is neither.
bool add_ports(std::string_view item, std::vector<std::uint16_t>& ports) {
  const std::size_t dash = item.find('-');
  const auto first = parse_port(trimmed(item.substr(0, dash)));
  const auto last =
      dash == std::string_view::npos ? first : parse_port(trimmed(item.substr(dash + 1)));
  if (!first || !last || *last < *first) return false;
  for (std::uint32_t port = *first; port <= *last; ++port)
    ports.push_back(static_cast<std::uint16_t>(port));
  return true;
}

/// One host of a list as it is compared; nothing: it is none.
std::optional<std::string> listed_host(std::string_view item) {
  if (item == "*") return "*";
  const std::string_view wildcard = item.starts_with("*.") ? "*." : "";
  item.remove_prefix(wildcard.size());
  if (item.ends_with('.')) item.remove_suffix(1);
  const bool bracketed = item.starts_with('[');
  if (bracketed ? !item.ends_with(']') : item.find(':') != std::string_view::npos) return {};
  auto parsed = parse_destination(item, kNoPort);
  if (!parsed || (bracketed && !wildcard.empty())) return {};
  std::string host = std::string(wildcard) + parsed->host;
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return host;
}

}  // namespace

Result<std::vector<std::uint16_t>> parse_port_list(std::string_view text) {
  std::vector<std::uint16_t> ports;
  const auto list = items(text);
  const bool good =
      !list.empty() && std::ranges::all_of(list, [&](auto item) { return add_ports(item, ports); });
  if (!good) {
    return std::unexpected(wrong(fmt::format(
        "\"{}\": expected ports and ranges of them from 1 to 65535, as in 443,8443,9000-9010",
        text)));
  }
  std::ranges::sort(ports);
  const auto [from, to] = std::ranges::unique(ports);
  ports.erase(from, to);
  return ports;
}

std::string port_list_text(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (std::size_t i = 0; i < ports.size();) {
    std::size_t last = i;
    while (last + 1 < ports.size() && ports[last + 1] == ports[last] + 1)
      ++last;
    if (!text.empty()) text += ',';
    text += last == i ? std::to_string(ports[i]) : fmt::format("{}-{}", ports[i], ports[last]);
    i = last + 1;
  }
  return text;
}

Result<std::vector<std::string>> parse_host_list(std::string_view text) {
  std::vector<std::string> hosts;
  for (const std::string_view item : items(text)) {
    auto host = listed_host(item);
    if (!host) {
      hosts.clear();
      break;
    }
    hosts.push_back(std::move(*host));
  }
  if (!hosts.empty()) return hosts;
  return std::unexpected(wrong(fmt::format(
      "\"{}\": expected hosts without ports, as in api.example.com,*.example.org, or * for all",
      text)));
}

ForwardRule proxy_rule(Endpoint listen, std::string written_at) {
  ForwardRule rule;
  rule.protocol = "http";
  rule.client_scheme = rule.upstream_scheme = kProxyScheme;
  rule.listen = std::move(listen);
  rule.proxy.emplace();
  rule.written_at = std::move(written_at);
  return rule;
}

const ForwardRule* proxy_behind(const ForwardRule& rule, const std::vector<ForwardRule>& all) {
  const bool raw = rule.client_scheme == "tcp" && rule.upstream_scheme == "tcp";
  if (!raw || rule.transparent) return nullptr;
  const auto found = std::ranges::find_if(all, [&](const ForwardRule& other) {
    return other.proxy && !other.proxy->by_host && arrives_at(rule.upstream, other.listen);
  });
  return found == all.end() ? nullptr : &*found;
}

void make_by_host(ForwardRule& rule, const ForwardRule& proxy) {
  rule.protocol = proxy.protocol;
  rule.client_scheme = rule.upstream_scheme = kProxyScheme;
  rule.upstream = {};
  rule.proxy = proxy.proxy;
  rule.proxy->by_host = true;
}

}  // namespace understudy
