// `understudy list`.
#pragma once

#include "ui/cli/arguments.h"

namespace understudy {

/// Returns the exit code.
[[nodiscard]] int run(const ListArguments& arguments);

}  // namespace understudy
