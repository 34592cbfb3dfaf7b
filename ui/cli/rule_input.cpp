#include "ui/cli/rule_input.h"

#include "protocols/registry.h"
#include "store/rule_file.h"
#include "store/rule_proxy.h"

#include <optional>
#include <utility>

namespace understudy {

namespace {

SchemeTable scheme_table() {
  SchemeTable table;
  for (const SchemeEntry& entry : all_schemes()) {
    SchemeInfo info;
    info.spelling = entry.scheme.name;
    info.protocol = entry.protocol->name();
    info.tls = entry.scheme.tls;
    info.default_port = entry.scheme.default_port;
    info.has_paths = entry.scheme.has_paths;
    info.as_raw = entry.as_raw;
    table.push_back(std::move(info));
  }
  return table;
}

/// Finds the raw rules that lead to a proxy of ours where one of the two is the command line's; the
/// reader of the file has found the others. The first `in_file` rules say themselves what they want
/// of TLS, the others cannot.
void find_by_host(std::vector<ForwardRule>& rules, std::size_t in_file) {
  const std::vector<ForwardRule> all = rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const ForwardRule* proxy = proxy_behind(rules[i], all);
    if (proxy == nullptr) continue;
    make_by_host(rules[i], *proxy);
    if (i >= in_file) rules[i].tls = proxy->tls;
  }
}

}  // namespace

Result<RuleInput> read_rules(const std::string& config, std::span<const std::string> forwards,
                             const ProxyArguments& proxy) {
  const SchemeTable schemes = scheme_table();
  RuleInput input;
  if (!config.empty()) {
    Result<RuleFile> file = read_rule_file(config, schemes);
    if (!file) return std::unexpected(file.error());
    input.rules = std::move(file->rules);
    input.warnings = std::move(file->warnings);
    input.log_level = std::move(file->log_level);
  }
  const std::size_t in_file = input.rules.size();
  for (const std::string& forward : forwards) {
    Result<ForwardRule> rule = parse_forward(forward, schemes);
    if (!rule) return std::unexpected(rule.error());
    // The reader of the file has said it for the file's rules.
    if (std::optional<std::string> notice = raw_notice(*rule, schemes)) {
      input.warnings.push_back(std::move(*notice));
    }
    input.rules.push_back(std::move(*rule));
  }
  if (proxy.listen) input.rules.push_back(proxy_rule(*proxy.listen, proxy.written_at));
  find_by_host(input.rules, in_file);
  name_rules(input.rules);
  return input;
}

}  // namespace understudy
