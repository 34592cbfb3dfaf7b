#include "store/rule_values.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace understudy {
namespace {

Error wrong(std::string what) {
  return {ErrorSource::Config, "", std::move(what)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, port);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return port;
}

bool is_address(const std::string& host) {
  in6_addr buffer{};
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

/// Octets of DNS names, with the underscore that container names have.
bool is_host_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

/// "host", "port" as text; the port may be missing. IPv6 hosts lose their brackets.
struct HostAndPort {
  std::string host;
  std::optional<std::string_view> port;
};

Result<HostAndPort> split(std::string_view text) {
  HostAndPort parts;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    parts.host = rest.substr(1, close == std::string_view::npos ? close : close - 1);
    if (close == std::string_view::npos || !is_address(parts.host)) {
      return std::unexpected(
          wrong(fmt::format("\"{}\": expected an IPv6 address between the brackets", text)));
    }
    rest.remove_prefix(close + 1);
  } else {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    parts.host = rest.substr(0, colon);
    rest.remove_prefix(colon);
  }
  if (rest.empty()) return parts;
  rest.remove_prefix(1);
  if (rest.find(':') != std::string_view::npos) {
    return std::unexpected(
        wrong(fmt::format("\"{}\": expected HOST:PORT, with an IPv6 address in brackets", text)));
  }
  parts.port = rest;
  return parts;
}

Result<const SchemeInfo*> known_scheme(const SchemeTable& schemes, std::string_view spelling) {
  if (const SchemeInfo* found = find_scheme(schemes, spelling)) return found;
  return std::unexpected(
      wrong(fmt::format("\"{}\": expected one of {}", spelling, spellings(schemes))));
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

const SchemeInfo* find_scheme(const SchemeTable& schemes, std::string_view spelling) {
  const auto found = std::ranges::find(schemes, spelling, &SchemeInfo::spelling);
  return found == schemes.end() ? nullptr : &*found;
}

std::string spellings(const SchemeTable& schemes) {
  std::vector<std::string_view> all;
  for (const SchemeInfo& one : schemes)
    all.push_back(one.spelling);
  return fmt::format("{}", fmt::join(all, ", "));
}

Result<Endpoint> parse_bind(std::string_view text) {
  text = trimmed(text);
  auto parts = split(text);
  if (!parts) return std::unexpected(std::move(parts.error()));
  const auto port = parts->port ? parse_port(*parts->port) : std::nullopt;
  if (!port) {
    return std::unexpected(wrong(fmt::format(
        "\"{}\": expected HOST:PORT with a port from 0 (any free one) to 65535", text)));
  }
  if (!parts->host.empty() && parts->host != "localhost" && !is_address(parts->host)) {
    return std::unexpected(wrong(fmt::format(
        "\"{}\": expected an IP address of this machine, localhost or nothing before the port",
        text)));
  }
  return Endpoint{std::move(parts->host), *port};
}

Result<Endpoint> parse_destination(std::string_view text, std::uint16_t default_port) {
  text = trimmed(text);
  auto parts = split(text);
  if (!parts) return std::unexpected(std::move(parts.error()));
  if (!is_address(parts->host) && !is_host_name(parts->host)) {
    return std::unexpected(wrong(fmt::format(
        "\"{}\": expected HOST:PORT, a host name or an IP address to connect to", text)));
  }
  if (!parts->port && default_port != 0) return Endpoint{std::move(parts->host), default_port};
  const auto port = parts->port ? parse_port(*parts->port) : std::nullopt;
  if (!port || *port == 0) {
    return std::unexpected(
        wrong(fmt::format("\"{}\": expected HOST:PORT with a port from 1 to 65535", text)));
  }
  return Endpoint{std::move(parts->host), *port};
}

Result<bool> parse_boolean(std::string_view text) {
  std::string lower(trimmed(text));
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  if (lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  return std::unexpected(wrong(fmt::format("\"{}\": expected true or false", text)));
}

Result<void> set_schemes(ForwardRule& rule, std::string_view client, std::string_view upstream,
                         const SchemeTable& schemes) {
  if (upstream.empty()) upstream = client;
  const auto left = known_scheme(schemes, client);
  if (!left) return std::unexpected(left.error());
  const auto right = known_scheme(schemes, upstream);
  if (!right) return std::unexpected(right.error());
  // Spellings of codecs to come all read as raw: those translate only into their own TLS form.
  const bool same = (*left)->protocol == (*right)->protocol &&
                    ((*left)->as_raw == (*right)->as_raw) &&
                    (!(*left)->as_raw || client.substr(0, 3) == upstream.substr(0, 3));
  if (!same) {
    return std::unexpected(wrong(fmt::format(
        "\"{}\" to \"{}\": expected the same protocol on both sides, with or without TLS", client,
        upstream)));
  }
  rule.protocol = (*left)->protocol;
  rule.client_scheme = client;
  rule.upstream_scheme = upstream;
  rule.client_tls = (*left)->tls;
  rule.upstream_tls = (*right)->tls;
  return {};
}

}  // namespace understudy
