// argv → CommandLine. Pure: reads no file and opens nothing.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"

#include <span>
#include <string>

namespace understudy {

/// Reads the arguments after the program's name. Everything after the first "--" is the COMMAND,
/// whatever it looks like. Errors (Config): one sentence that says what to write instead.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

}  // namespace understudy
