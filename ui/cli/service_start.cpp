#include "ui/cli/service_start.h"

#include "protocols/transport/descriptor_limit.h"
#include "ui/cli/ready_file.h"
#include "ui/cli/rule_environment.h"
#include "ui/cli/rule_text.h"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>

namespace understudy {

namespace {

constexpr std::chrono::seconds kSignalGrace{10};
constexpr std::chrono::seconds kCommandGrace{1};

}  // namespace

std::FILE* people_output(const RunArguments& run) {
  return run.command.empty() && !run.json ? stdout : stderr;
}

void print_warning(const std::string& text) {
  fmt::print(stderr, "warning: {}\n", text);
}

ConnectionLimit connection_limit(const RunArguments& run, std::size_t descriptors) {
  ConnectionLimit limit;
  limit.descriptor_limit = raise_descriptor_limit();
  const std::uint64_t reserved = std::min(limit.descriptor_limit / 2, kReservedDescriptors);
  limit.connections =
      run.max_connections > 0
          ? run.max_connections
          : static_cast<std::size_t>((limit.descriptor_limit - reserved) / descriptors);
  return limit;
}

Result<void> announce(const RunArguments& run, const Announcement& announcement) {
  std::FILE* out = people_output(run);
  fmt::print(out, "{}\n", announcement.headline);
  for (const std::string& line : listening_lines(announcement.listening, announcement.upstreams)) {
    fmt::print(out, "  {}\n", line);
  }
  if (!announcement.ui_url.empty()) fmt::print(out, "status page: {}\n", announcement.ui_url);
  fmt::print(out, "up to {} connections at a time (descriptor limit {})\n",
             announcement.limit.connections, announcement.limit.descriptor_limit);
  if (run.command.empty()) fmt::print(out, "Ctrl-C stops\n");
  std::fflush(out);
  for (const ListeningRule& rule : announcement.listening) {
    if (!rule.is_public) continue;
    print_warning(
        fmt::format("the rule {} can be reached by other machines; bind it to localhost "
                    "if that is not wanted",
                    rule.name));
  }
  if (run.ready_file.empty()) return {};
  return write_file_atomically(run.ready_file,
                               ready_json(::getpid(), announcement.ui_url, announcement.listening));
}

Result<RunEnd> run_until_end(const RunArguments& run, RunSignals& signals,
                             std::span<const ListeningRule> listening,
                             const std::function<void()>& on_reload) {
  if (run.command.empty()) return wait_for_stop(signals, on_reload);
  std::vector<EnvironmentVariable> environment;
  if (run.set_environment) {
    std::vector<std::string> warnings;
    environment = rule_environment(listening, warnings);
    for (const std::string& warning : warnings)
      print_warning(warning);
  }
  return run_command(signals, run.command, environment, on_reload);
}

std::chrono::milliseconds stop_grace(const RunArguments& run) {
  return run.command.empty() ? kSignalGrace : kCommandGrace;
}

}  // namespace understudy
