// The exit codes of the contract, and how an error reaches the user.
#pragma once

#include "protocols/core/error.h"

namespace understudy {

enum ExitCode : int {
  kExitDone = 0,
  kExitNegative = 1,     ///< ran, but the verdict is negative
  kExitUsage = 2,        ///< command line or configuration
  kExitEnvironment = 3,  ///< could not start or go on
  kExitStore = 4,
};

[[nodiscard]] int exit_code(ErrorSource source);

/// Prints the error as one line to standard error ("FILE:LINE: what" where the place is known) and
/// returns its exit code.
[[nodiscard]] int report_error(const Error& error);

}  // namespace understudy
