// Forward proxies as rules, and the lists that say what goes through them. Shared by
// registration.xml and the command line. No state.
//
// Errors here are ErrorSource::Config with an empty `where`, as in rule_values.h.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Client and upstream scheme of a forward proxy. No scheme of the registry: nobody writes it.
inline constexpr std::string_view kProxyScheme = "http-proxy";

/// "443,8443,9000-9010": ports from 1, each once, in ascending order. Errors: anything else, none
/// at all.
[[nodiscard]] Result<std::vector<std::uint16_t>> parse_port_list(std::string_view text);
/// The shortest text that parse_port_list() reads as the same ports, which must be sorted.
[[nodiscard]] std::string port_list_text(const std::vector<std::uint16_t>& ports);

/// "api.example.com,*.example.com,[::1]" or "*": hosts in lower case, IPv6 without brackets.
/// Errors: a port, a wildcard elsewhere than in front, none at all.
[[nodiscard]] Result<std::vector<std::string>> parse_host_list(std::string_view text);

/// A forward proxy that listens there, with default settings and without a name.
[[nodiscard]] ForwardRule proxy_rule(Endpoint listen, std::string written_at);

/// The vendor's hosts-file trick: a raw TCP rule whose destination is a proxy of ours. Returns that
/// proxy, null = the rule is nothing of the kind.
[[nodiscard]] const ForwardRule* proxy_behind(const ForwardRule& rule,
                                              const std::vector<ForwardRule>& all);

/// Makes such a rule a proxy itself, by_host and with the settings of the proxy behind it. Its TLS
/// settings stay: what it says itself comes before what the proxy says.
void make_by_host(ForwardRule& rule, const ForwardRule& proxy);

}  // namespace understudy
