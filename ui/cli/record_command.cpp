#include "ui/cli/record_command.h"

#include "store/details.h"
#include "ui/cli/codec_calls.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/log_setup.h"
#include "ui/cli/proxy_rules.h"
#include "ui/cli/ready_file.h"
#include "ui/cli/record_run.h"
#include "ui/cli/rule_check.h"
#include "ui/cli/rule_input.h"
#include "ui/cli/service_start.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace understudy {

namespace {

/// The view `http` is for looking at; who records for hours does not wait for it. The next open
/// goes on.
constexpr std::chrono::seconds kDetailBudget{5};

Result<std::vector<ForwardRule>> checked_rules(const RunArguments& run) {
  Result<RuleInput> input = read_rules(run.config, run.forwards, run.proxy);
  if (!input) return std::unexpected(input.error());
  for (const std::string& warning : input->warnings)
    print_warning(warning);
  set_up_log(run.log_level.empty() ? input->log_level : run.log_level);
  Result<std::vector<ForwardRule>> rules = record_rules(run, std::move(input->rules));
  if (!rules) return rules;
  if (Result<void> checked = check_rules(*rules); !checked) {
    return std::unexpected(checked.error());
  }
  for (const std::string& risk : risks(*rules))
    print_warning(risk);
  return rules;
}

void print_summary(const RecordArguments& arguments, const RecordSummary& summary) {
  std::FILE* out = people_output(arguments.run);
  for (const std::string& line : summary_lines(summary))
    fmt::print(out, "{}\n", line);
  for (const std::string& line : loss_lines(summary))
    print_warning(line);
  if (arguments.run.json) fmt::print("{}\n", summary_json(summary));
  std::fflush(nullptr);
}

/// A COMMAND's own code wins, unless it is ours: a store that broke ended it.
int final_code(const RunEnd& end, const RecordSummary& summary) {
  if (end.command_code != 0 && !end.woken) return end.command_code;
  return summary.problem.empty() ? kExitDone : kExitStore;
}

Result<int> record(const RecordArguments& arguments, RunSignals& signals) {
  Result<std::vector<ForwardRule>> rules = checked_rules(arguments.run);
  if (!rules) return std::unexpected(rules.error());
  if (!arguments.run.ready_file.empty()) {
    Result<void> forgotten = forget_ready_file(arguments.run.ready_file);
    if (!forgotten) return std::unexpected(forgotten.error());
  }
  RecordRun recording(arguments);
  if (Result<void> started = recording.start(std::move(*rules)); !started) {
    return std::unexpected(started.error());
  }
  const Result<RunEnd> end = recording.wait(signals);
  if (!end) return std::unexpected(end.error());
  signals.let_stop_signals_through();
  const RecordSummary summary = recording.finish();
  if (summary.problem.empty()) {
    const auto filled = fill_details(arguments.run.store, codec_details(), kDetailBudget);
    if (!filled) spdlog::warn("store the view http is not filled: {}", describe(filled.error()));
  }
  print_summary(arguments, summary);
  return final_code(*end, summary);
}

}  // namespace

int run(const RecordArguments& arguments) {
  RunSignals signals;
  const Result<int> code = record(arguments, signals);
  return code ? *code : report_error(code.error());
}

}  // namespace understudy
