// Words of the contract that later versions bring. Naming one is answered with a sentence instead
// of "unknown option", so that nobody searches for a typing mistake.
#pragma once

#include "protocols/core/error.h"

#include <span>
#include <string>

namespace understudy {

/// `arguments` up to the first "--". Error (Config): a command or option that is not in this
/// version, with what to use instead where there is something.
[[nodiscard]] Result<void> refuse_later_parts(std::span<const std::string> arguments);

/// The value of --on-miss. Error (Config): not "error".
[[nodiscard]] Result<void> check_on_miss(const std::string& value);

/// The value of --report. Error (Config): neither .json nor .xml.
[[nodiscard]] Result<void> check_report_name(const std::string& file);

}  // namespace understudy
