// Time as every module names it. Codecs have no clock: times are handed to them.
#pragma once

#include <chrono>

namespace understudy {

using Duration = std::chrono::microseconds;

/// Microseconds since 1970-01-01T00:00:00Z, the unit of the store.
using Timestamp = std::chrono::sys_time<Duration>;

[[nodiscard]] inline Timestamp wall_clock_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace understudy
