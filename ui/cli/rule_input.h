// Rules as the command line brings them: those of --config, then those of --forward.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <span>
#include <string>
#include <vector>

namespace understudy {

struct RuleInput {
  std::vector<ForwardRule> rules;     ///< named, in order; may be empty
  std::vector<std::string> warnings;  ///< what was read past in the configuration
  std::string log_level;              ///< of the configuration's logger, empty = says nothing
};

/// `config` empty = none. Errors (Config): unreadable file, bad value, bad LEFT=RIGHT, two rules of
/// one name.
[[nodiscard]] Result<RuleInput> read_rules(const std::string& config,
                                           std::span<const std::string> forwards);

}  // namespace understudy
