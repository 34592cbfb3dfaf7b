#include "ui/cli/rule_check.h"

#include "store/rule_values.h"

#include <fmt/format.h>

namespace understudy {

namespace {

bool is_all(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::" || host == "*";
}

/// "localhost" stands for two addresses; nothing else here stands for more than itself.
bool same_adapter(const std::string& one, const std::string& two) {
  if (one == two) return true;
  const auto either = [&](const char* name) {
    return (one == "localhost" && two == name) || (two == "localhost" && one == name);
  };
  return either("127.0.0.1") || either("::1");
}

}  // namespace

bool listens_overlap(const Endpoint& one, const Endpoint& other) {
  if (one.port == 0 || one.port != other.port) return false;
  return is_all(one.host) || is_all(other.host) || same_adapter(one.host, other.host);
}

Result<void> check_ports(std::span<const ForwardRule> rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!listens_overlap(rules[i].listen, rules[j].listen)) continue;
      return std::unexpected(Error(
          ErrorSource::Config, rules[i].written_at,
          fmt::format("listens at {}, which the rule {} ({}) has already; choose another port",
                      to_string(rules[i].listen), rules[j].name, rules[j].written_at)));
    }
  }
  return {};
}

Result<void> check_rules(std::span<const ForwardRule> rules) {
  if (rules.empty()) {
    return std::unexpected(
        Error(ErrorSource::Config, "",
              "no rule says what to record: give --forward LEFT=RIGHT, such as "
              "--forward http://localhost:8080=http://api.example.com, --proxy PORT, --config FILE "
              "or -- COMMAND"));
  }
  if (Result<void> ports = check_ports(rules); !ports) return ports;
  return check_loops({rules.begin(), rules.end()});
}

bool is_loopback(const Endpoint& listen) {
  return listen.host == "localhost" || listen.host == "::1" || listen.host.starts_with("127.");
}

std::vector<std::string> risks(std::span<const ForwardRule> rules) {
  std::vector<std::string> found;
  for (const ForwardRule& rule : rules) {
    const bool speaks_tls = rule.upstream_tls || rule.proxy;
    if (!speaks_tls || rule.tls.verify) continue;
    found.push_back(fmt::format(
        "{}: the rule {} does not verify who its upstream is (verify=\"false\"): whoever is on the "
        "way can read and change what goes there",
        rule.written_at, rule.name));
  }
  return found;
}

}  // namespace understudy
