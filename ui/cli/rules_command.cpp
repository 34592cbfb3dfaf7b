#include "ui/cli/rules_command.h"

#include "ui/cli/exit_code.h"
#include "ui/cli/line_json.h"
#include "ui/cli/plain_text.h"
#include "ui/cli/rule_check.h"
#include "ui/cli/rule_environment.h"
#include "ui/cli/rule_input.h"
#include "ui/cli/rule_text.h"
#include "ui/cli/service_start.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

void print_text(const ForwardRule& rule) {
  const std::vector<std::string> sentences = rule_sentences(rule);
  fmt::print("{}\n", printable(sentences.front()));
  for (std::size_t i = 1; i < sentences.size(); ++i) {
    fmt::print("  {}\n", printable(sentences[i]));
  }
  fmt::print("  A COMMAND finds its address in {}.\n", rule_variable(rule.name));
}

void print_json(const ForwardRule& rule) {
  const std::vector<std::string> sentences = rule_sentences(rule);
  const std::string upstream = upstream_url(rule);
  const nlohmann::ordered_json out{
      {"name", rule.name},
      {"written_at", rule.written_at},
      {"listen", to_string(rule.listen)},
      {"scheme", rule.client_scheme},
      {"upstream", upstream.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(upstream)},
      {"words", sentences}};
  fmt::print("{}\n", json_text(out));
}

}  // namespace

int run(const RulesArguments& arguments) {
  if (arguments.config.empty() && arguments.forwards.empty()) {
    return report_error({ErrorSource::Config, "",
                         "name a configuration: understudy rules registration.xml, or give "
                         "--forward LEFT=RIGHT"});
  }
  const Result<RuleInput> input = read_rules(arguments.config, arguments.forwards);
  if (!input) return report_error(input.error());
  for (const std::string& warning : input->warnings)
    print_warning(warning);
  for (const ForwardRule& rule : input->rules) {
    arguments.json ? print_json(rule) : print_text(rule);
  }
  for (const std::string& risk : risks(input->rules))
    print_warning(risk);
  const Result<void> checked = check_rules(input->rules);
  return checked ? kExitDone : report_error(checked.error());
}

}  // namespace understudy
