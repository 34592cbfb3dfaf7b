// The program: arguments in, exit code out. Everything it calls lives in libraries.
#include "ui/cli/ca_command.h"
#include "ui/cli/command_line.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/list_command.h"
#include "ui/cli/record_command.h"
#include "ui/cli/reindex_command.h"
#include "ui/cli/replay_command.h"
#include "ui/cli/rules_command.h"
#include "ui/cli/search_command.h"
#include "ui/cli/show_command.h"
#include "ui/cli/ui_command.h"

#include <fmt/format.h>
#include <malloc.h>
#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

namespace understudy {

namespace {

int run(const TextToPrint& text) {
  fmt::print("{}", text.text);
  return kExitDone;
}

/// Buffers from this size on, batches of rows and large bodies, come from the system and go back to
/// it when they are freed. By default glibc raises the mark to the largest size seen, up to 32 MiB,
/// and what lies between smaller buffers then stays: a third more memory after large transfers.
constexpr int kOwnPagesFrom = 128 * 1024;
/// Free memory at the end of a heap that is kept: less, and each large message would fault its
/// pages in anew.
constexpr int kTrimFrom = 1024 * 1024;

int run_program(const std::vector<std::string>& arguments) {
  const Result<CommandLine> parsed = parse_command_line(arguments);
  if (!parsed) return report_error(parsed.error());
  return std::visit([](const auto& command) { return run(command); }, *parsed);
}

}  // namespace

}  // namespace understudy

int main(int argc, char** argv) {
  ::mallopt(M_MMAP_THRESHOLD, understudy::kOwnPagesFrom);
  ::mallopt(M_TRIM_THRESHOLD, understudy::kTrimFrom);
  try {
    return understudy::run_program(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    // Out of memory, or a mistake of ours; errors that anybody else causes are values.
    fmt::print(stderr, "understudy: {}\n", error.what());
    return understudy::kExitEnvironment;
  }
}
