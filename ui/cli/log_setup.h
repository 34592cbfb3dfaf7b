// Logging: one line to standard error, "time level component …".
#pragma once

#include <string_view>

namespace understudy {

/// Sets the level, "trace" to "error" or "off"; empty = "info". Call once, before threads start.
void set_up_log(std::string_view level);

}  // namespace understudy
