// `understudy record`.
#pragma once

#include "ui/cli/arguments.h"

namespace understudy {

/// Records until a signal or the COMMAND's end. Returns the exit code.
[[nodiscard]] int run(const RecordArguments& arguments);

}  // namespace understudy
