#include "ui/cli/replay_command.h"

#include "ui/cli/exit_code.h"
#include "ui/cli/log_setup.h"
#include "ui/cli/ready_file.h"
#include "ui/cli/replay_run.h"
#include "ui/cli/replay_summary.h"
#include "ui/cli/rule_input.h"
#include "ui/cli/service_start.h"

#include <fmt/format.h>

namespace understudy {

namespace {

/// What the configuration and the command line say; ReplayRun completes it.
Result<std::vector<ForwardRule>> asked_rules(const RunArguments& run) {
  Result<RuleInput> input = read_rules(run.config, run.forwards, run.proxy);
  if (!input) return std::unexpected(input.error());
  for (const std::string& warning : input->warnings)
    print_warning(warning);
  set_up_log(run.log_level.empty() ? input->log_level : run.log_level);
  if (input->rules.empty() && !run.config.empty()) {
    return std::unexpected(Error(ErrorSource::Config, run.config,
                                 "has no rule to serve; leave --config out to serve the recorded "
                                 "rules"));
  }
  return std::move(input->rules);
}

Result<void> write_reports(const ReplayArguments& arguments, const ReplayReport& report) {
  for (const std::string& file : arguments.reports) {
    const Bytes text =
        file.ends_with(".xml") ? report_junit(report, arguments.fail_on) : report_json(report);
    if (Result<void> written = write_file_atomically(file, text); !written) return written;
  }
  return {};
}

/// Prints the report and what is wrong with it; our exit code.
int conclude(const ReplayArguments& arguments, const ReplayReport& report) {
  std::FILE* out = people_output(arguments.run);
  for (const std::string& line : replay_summary(report))
    fmt::print(out, "{}\n", line);
  const std::vector<std::string> reasons = verdict(report, arguments.fail_on);
  for (const std::string& reason : reasons)
    fmt::print(out, "failed: {}\n", reason);
  if (arguments.run.json) fmt::print("{}\n", report_json(report));
  std::fflush(nullptr);
  return reasons.empty() ? kExitDone : kExitNegative;
}

Result<int> replay(const ReplayArguments& arguments, RunSignals& signals) {
  Result<std::vector<ForwardRule>> rules = asked_rules(arguments.run);
  if (!rules) return std::unexpected(rules.error());
  if (!arguments.run.ready_file.empty()) {
    Result<void> forgotten = forget_ready_file(arguments.run.ready_file);
    if (!forgotten) return std::unexpected(forgotten.error());
  }
  ReplayRun replaying(arguments);
  if (Result<void> started = replaying.start(std::move(*rules)); !started) {
    return std::unexpected(started.error());
  }
  const Result<RunEnd> end = replaying.wait(signals);
  if (!end) return std::unexpected(end.error());
  signals.let_stop_signals_through();
  const ReplayReport report = replaying.finish();
  const int ours = conclude(arguments, report);
  if (Result<void> written = write_reports(arguments, report); !written) {
    return std::unexpected(written.error());
  }
  return end->command_code != 0 ? end->command_code : ours;
}

}  // namespace

int run(const ReplayArguments& arguments) {
  RunSignals signals;
  const Result<int> code = replay(arguments, signals);
  return code ? *code : report_error(code.error());
}

}  // namespace understudy
