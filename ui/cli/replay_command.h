// `understudy replay`.
#pragma once

#include "ui/cli/arguments.h"

namespace understudy {

/// Serves a recording until a signal or the COMMAND's end. Returns the exit code.
[[nodiscard]] int run(const ReplayArguments& arguments);

}  // namespace understudy
