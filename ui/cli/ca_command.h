// `understudy ca`: shows the certificate authority, exports its certificate, prints its path. Makes
// the authority where there is none, so that it can be trusted before the first recording.
#pragma once

#include "ui/cli/arguments.h"

namespace understudy {

/// Returns the exit code.
[[nodiscard]] int run(const CaArguments& arguments);

}  // namespace understudy
