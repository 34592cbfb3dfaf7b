// How a COMMAND learns where the rules listen. Pure.
#pragma once

#include "protocols/core/rule.h"
#include "ui/cli/command_run.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// "UNDERSTUDY_HTTP_LOCALHOST_9000" for the rule "http-localhost-9000".
[[nodiscard]] std::string rule_variable(std::string_view rule_name);

/// One variable for each rule, "host:port". Rules whose names give the same variable: the first
/// has it, and a sentence about the other is appended to `warnings`.
[[nodiscard]] std::vector<EnvironmentVariable> rule_environment(
    std::span<const ListeningRule> rules, std::vector<std::string>& warnings);

}  // namespace understudy
