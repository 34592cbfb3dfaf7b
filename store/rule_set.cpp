// Whole rules and sets of them: the argument of --forward, names, loops.
#include "store/rule_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace understudy {
namespace {

Error wrong(std::string what) {
  return {ErrorSource::Config, "", std::move(what)};
}

/// "http://" in front of an address; nothing where there is none.
std::string_view take_scheme(std::string_view& text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return {};
  const std::string_view scheme = text.substr(0, end);
  text.remove_prefix(end + 3);
  return scheme;
}

/// The path on the right of a --forward, without its final slash.
Result<std::string> path_prefix(std::string_view path, const SchemeInfo& scheme) {
  if (path.find_first_of("?#") != std::string_view::npos) {
    return std::unexpected(wrong("expected a path without ? and # on the right"));
  }
  while (path.ends_with('/'))
    path.remove_suffix(1);
  if (!path.empty() && !scheme.has_paths) {
    return std::unexpected(
        wrong(fmt::format("\"{}\": a {} destination has no path", path, scheme.spelling)));
  }
  return std::string(path);
}

/// Where rules without a destination go, their requests or the kernel say.
bool has_upstream(const ForwardRule& rule) {
  return !rule.proxy && !rule.transparent;
}

std::string default_name(const ForwardRule& rule) {
  if (rule.proxy)
    return rule.proxy->by_host ? fmt::format("by-host-{}", rule.listen.port) : "proxy";
  if (rule.transparent) return rule.client_scheme + "-transparent";
  return fmt::format("{}-{}-{}", rule.upstream_scheme, rule.upstream.host, rule.upstream.port);
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<ForwardRule> read_forward(std::string_view left, std::string_view right,
                                 const SchemeTable& schemes) {
  ForwardRule rule;
  const std::string_view left_scheme = take_scheme(left), right_scheme = take_scheme(right);
  if (left_scheme.empty()) {
    return std::unexpected(
        wrong(fmt::format("expected a scheme on the left, as in http://localhost:8080: one of {}",
                          spellings(schemes))));
  }
  if (auto done = set_schemes(rule, left_scheme, right_scheme, schemes); !done) {
    return std::unexpected(std::move(done.error()));
  }
  while (left.ends_with('/'))
    left.remove_suffix(1);
  auto listen = parse_bind(left);
  if (!listen) return std::unexpected(std::move(listen.error()));
  rule.listen = std::move(*listen);

  const std::size_t authority = std::min(right.find_first_of("/?#"), right.size());
  const SchemeInfo& upstream_scheme = *find_scheme(schemes, rule.upstream_scheme);
  auto prefix = path_prefix(right.substr(authority), upstream_scheme);
  if (!prefix) return std::unexpected(std::move(prefix.error()));
  rule.path_prefix = std::move(*prefix);
  auto upstream = parse_destination(right.substr(0, authority), upstream_scheme.default_port);
  if (!upstream) return std::unexpected(std::move(upstream.error()));
  rule.upstream = std::move(*upstream);
  return rule;
}

}  // namespace

Result<ForwardRule> parse_forward(std::string_view left_equals_right, const SchemeTable& schemes) {
  const std::string where = fmt::format("--forward {}", left_equals_right);
  const std::size_t equals = left_equals_right.find('=');
  if (equals == std::string_view::npos) {
    return std::unexpected(
        Error(ErrorSource::Config, where,
              "expected LEFT=RIGHT, as in http://localhost:8080=http://api.example.com:80"));
  }
  auto rule = read_forward(left_equals_right.substr(0, equals),
                           left_equals_right.substr(equals + 1), schemes);
  if (!rule) return std::unexpected(Error(ErrorSource::Config, where, rule.error().what));
  rule->written_at = where;
  return rule;
}

void name_rules(std::vector<ForwardRule>& rules) {
  std::set<std::string> taken;
  const auto claim = [&](const std::string& wanted) {
    std::string name = wanted;
    for (int suffix = 2; !taken.insert(name).second; ++suffix) {
      name = fmt::format("{}-{}", wanted, suffix);
    }
    return name;
  };
  // Names that users gave come first: a default must not push one of them aside.
  for (ForwardRule& rule : rules) {
    if (!rule.name.empty()) rule.name = claim(rule.name);
  }
  for (ForwardRule& rule : rules) {
    if (!rule.name.empty()) continue;
    rule.name = claim(default_name(rule));
  }
}

Result<void> check_loops(const std::vector<ForwardRule>& rules) {
  for (const ForwardRule& rule : rules) {
    if (!has_upstream(rule)) continue;
    for (const ForwardRule& listener : rules) {
      if (!arrives_at(rule.upstream, listener.listen)) continue;
      return std::unexpected(
          Error(ErrorSource::Config, rule.written_at,
                fmt::format("destination {} is our own listener ({}): a loop, expected another "
                            "system",
                            to_string(rule.upstream), listener.written_at)));
    }
  }
  return {};
}

bool arrives_at(const Endpoint& destination, const Endpoint& listen) {
  if (destination.port != listen.port) return false;
  if (destination.host == listen.host) return true;
  if (!is_this_machine(destination.host)) return false;
  if (listen.host.empty() || listen.host == "0.0.0.0" || listen.host == "::") return true;
  const std::string& named = destination.host == "localhost" ? listen.host : destination.host;
  const bool either_is_localhost = destination.host == "localhost" || listen.host == "localhost";
  return either_is_localhost && (named == "127.0.0.1" || named == "::1");
}

std::optional<std::string> raw_notice(const ForwardRule& rule, const SchemeTable& schemes) {
  const SchemeInfo* scheme = find_scheme(schemes, rule.client_scheme);
  if (scheme == nullptr || !scheme->as_raw) return std::nullopt;
  return fmt::format("{}: {} is recorded and replayed as raw TCP in this version", rule.written_at,
                     rule.client_scheme);
}

}  // namespace understudy
