// Progress of long work: one line on standard error that is written over, when that is a terminal.
// Used by one thread.
#pragma once

#include "store/details.h"

#include <string>

namespace understudy {

/// "what: done of total", at most ten times a second. Never stops the work.
[[nodiscard]] Progress progress_line(std::string what);
/// Removes what progress_line() left on the line.
void clear_progress_line();

}  // namespace understudy
