// Rules as the command line brings them: those of --config, then those of --forward, then --proxy.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "ui/cli/arguments.h"

#include <span>
#include <string>
#include <vector>

namespace understudy {

struct RuleInput {
  std::vector<ForwardRule> rules;     ///< named, in order; may be empty
  std::vector<std::string> warnings;  ///< what was read past in the configuration
  std::string log_level;              ///< of the configuration's logger, empty = says nothing
};

/// `config` empty = none. Raw rules that lead to a forward proxy among them have become by-host
/// proxies. Errors (Config): unreadable file, bad value, bad LEFT=RIGHT.
[[nodiscard]] Result<RuleInput> read_rules(const std::string& config,
                                           std::span<const std::string> forwards,
                                           const ProxyArguments& proxy = {});

}  // namespace understudy
