#include "ui/cli/rule_environment.h"

#include <fmt/format.h>
#include <algorithm>

namespace understudy {

std::string rule_variable(std::string_view rule_name) {
  std::string name = "UNDERSTUDY_";
  for (const char c : rule_name) {
    if (c >= 'a' && c <= 'z') {
      name += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      name += c;
    } else {
      name += '_';
    }
  }
  return name;
}

std::vector<EnvironmentVariable> rule_environment(std::span<const ListeningRule> rules,
                                                  std::vector<std::string>& warnings) {
  std::vector<EnvironmentVariable> variables;
  for (const ListeningRule& rule : rules) {
    std::string name = rule_variable(rule.name);
    if (std::ranges::find(variables, name, &EnvironmentVariable::first) != variables.end()) {
      warnings.push_back(
          fmt::format("the rule {} has no variable of its own: {} is another's", rule.name, name));
      continue;
    }
    variables.emplace_back(std::move(name), rule.address);
  }
  return variables;
}

}  // namespace understudy
