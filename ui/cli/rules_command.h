// `understudy rules`.
#pragma once

#include "ui/cli/arguments.h"

namespace understudy {

/// Returns the exit code.
[[nodiscard]] int run(const RulesArguments& arguments);

}  // namespace understudy
