// The one reader of registration.xml: the vendor's file, and ours. What it does not know it names
// in a warning and reads past; what it knows and cannot do yet it refuses, so that nobody believes
// in a rule that is not kept. No state.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "store/rule_values.h"

#include <string>
#include <vector>

namespace understudy {

/// A registration.xml, read.
struct RuleFile {
  /// Forwards in the order of the file, then forward proxies (http-proxy), redaction of the root
  /// merged in. Rules without a name attribute have none yet: call name_rules() once all rules of a
  /// run are together.
  std::vector<ForwardRule> rules;
  std::string log_level;              ///< "debug", "info", "warning", "error"; empty = not said
  std::vector<std::string> warnings;  ///< "FILE:LINE: …"
};

/// Files that it names are taken from its own directory and only looked at: whether they hold what
/// they should shows when they are loaded. Errors: Config, where = "FILE:LINE", what = what was
/// expected.
[[nodiscard]] Result<RuleFile> read_rule_file(const std::string& path, const SchemeTable& schemes);

}  // namespace understudy
