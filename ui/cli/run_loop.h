// The main thread of `record` and `replay` once everything listens: it waits for a signal, or runs
// the COMMAND and waits for its end.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/command_run.h"
#include "ui/cli/run_signals.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// Why the wait is over.
struct RunEnd {
  int signal = 0;        ///< the signal that stopped us; 0 = none
  bool woken = false;    ///< RunSignals::wake() was called
  int command_code = 0;  ///< of the COMMAND; 0 = done well, or there was none
};

/// Waits for SIGINT, SIGTERM or RunSignals::wake(). SIGHUP calls `on_reload`.
[[nodiscard]] RunEnd wait_for_stop(RunSignals& signals, const std::function<void()>& on_reload);

/// Runs `words` to its end. SIGINT and SIGTERM are passed on to it (unless the terminal gave them
/// to it already); wake() ends it with SIGTERM. Errors: Config (it cannot be started).
[[nodiscard]] Result<RunEnd> run_command(RunSignals& signals, std::span<const std::string> words,
                                         const std::vector<EnvironmentVariable>& environment,
                                         const std::function<void()>& on_reload);

}  // namespace understudy
