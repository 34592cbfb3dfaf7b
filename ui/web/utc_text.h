// Times as people and JSON read them: ISO 8601 in UTC. Pure.
#pragma once

#include "protocols/core/time.h"

#include <string>

namespace understudy {

/// "2026-11-21T09:13:14.474Z"; empty for the zero time, which means "not known".
[[nodiscard]] std::string utc_text(Timestamp at);

/// The same to the second: "2026-11-21T09:13:14Z".
[[nodiscard]] std::string utc_text_seconds(Timestamp at);

}  // namespace understudy
