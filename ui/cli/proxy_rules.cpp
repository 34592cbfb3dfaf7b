#include "ui/cli/proxy_rules.h"

#include "protocols/transport/small_file.h"
#include "store/rule_proxy.h"
#include "store/rule_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace understudy {

namespace {

/// A password is a line; this is ample.
constexpr std::size_t kMaxPasswordFile = std::size_t{64} * 1024;

bool is_own_proxy(const ForwardRule& rule) {
  return rule.proxy && !rule.proxy->by_host;
}

/// The file's one line, without its end.
Result<std::string> read_password(const std::string& file) {
  Result<std::string> text = read_small_file(file, kMaxPasswordFile, ErrorSource::Config);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (!text->empty() && text->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) {
    return text;
  }
  return std::unexpected(Error(ErrorSource::Config, file,
                               "holds no password for --proxy-auth: expected one line of text"));
}

/// The first option that says something about a proxy; null = none does.
const char* named_option(const ProxyArguments& proxy) {
  if (!proxy.user.empty()) return "--proxy-auth";
  if (proxy.no_proxy) return "--no-proxy";
  if (!proxy.connect_ports.empty()) return "--connect-ports";
  if (!proxy.passthrough.empty()) return "--passthrough";
  return proxy.passthrough_on_reject ? "--passthrough-on-reject" : nullptr;
}

Error no_recorded_proxy(const ForwardRule& asked, const Recording& recording) {
  std::vector<std::string> names;
  names.reserve(recording.rules.size());
  for (const RecordedRule& recorded : recording.rules)
    names.push_back(recorded.rule.name);
  return {ErrorSource::Config, asked.written_at,
          fmt::format("recording {} has no forward proxy, its rules are: {}", recording.name,
                      names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")))};
}

}  // namespace

Result<void> apply_proxy_settings(const ProxyArguments& proxy, std::vector<ForwardRule>& rules) {
  const char* option = named_option(proxy);
  if (option == nullptr) return {};
  if (std::ranges::none_of(rules, [](const ForwardRule& rule) { return rule.proxy.has_value(); })) {
    return std::unexpected(Error(ErrorSource::Config, option,
                                 "there is no forward proxy: give --proxy PORT, or <http-proxy> in "
                                 "the configuration"));
  }
  std::string credentials;
  if (!proxy.user.empty()) {
    Result<std::string> password = read_password(proxy.password_file);
    if (!password) return std::unexpected(password.error());
    credentials = proxy.user + ":" + *password;
  }
  for (ForwardRule& rule : rules) {
    if (!rule.proxy) continue;
    rule.proxy->credentials = credentials;
    std::ranges::copy(proxy.passthrough, std::back_inserter(rule.proxy->passthrough));
    rule.proxy->passthrough_on_reject |= proxy.passthrough_on_reject;
    if (!proxy.connect_ports.empty()) rule.proxy->connect_ports = proxy.connect_ports;
  }
  return {};
}

Result<std::vector<ForwardRule>> record_rules(const RunArguments& run,
                                              std::vector<ForwardRule> input) {
  std::vector<ForwardRule> rules = std::move(input);
  if (rules.empty() && !run.command.empty()) {
    rules.push_back(proxy_rule({"127.0.0.1", 0}, "-- COMMAND"));
    name_rules(rules);
  }
  if (auto done = apply_proxy_settings(run.proxy, rules); !done) {
    return std::unexpected(done.error());
  }
  return rules;
}

Result<std::vector<ForwardRule>> replay_rules(const RunArguments& run,
                                              std::vector<ForwardRule> input,
                                              const Recording& recording) {
  std::vector<ForwardRule> rules = std::move(input);
  if (run.config.empty() && run.forwards.empty()) {
    if (!run.proxy.listen && named_option(run.proxy) == nullptr) return std::vector<ForwardRule>();
    // What was asked for is the proxy alone: it takes the place of the recorded one.
    std::vector<ForwardRule> asked = std::exchange(rules, {});
    for (const RecordedRule& recorded : recording.rules)
      rules.push_back(recorded.rule);
    const auto proxy = std::ranges::find_if(rules, is_own_proxy);
    for (ForwardRule& rule : asked) {
      if (proxy == rules.end()) return std::unexpected(no_recorded_proxy(rule, recording));
      proxy->listen = rule.listen;
      proxy->written_at = rule.written_at;
    }
  }
  if (auto done = apply_proxy_settings(run.proxy, rules); !done) {
    return std::unexpected(done.error());
  }
  return rules;
}

}  // namespace understudy
