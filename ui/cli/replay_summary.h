// The report of a replay in short, for people. Pure.
#pragma once

#include "replayer/report.h"

#include <string>
#include <vector>

namespace understudy {

/// Lines: the totals with the count of outgoing connections, each miss with the nearest recorded
/// request (the first kMaxPrintedMisses), what could not be served.
[[nodiscard]] std::vector<std::string> replay_summary(const ReplayReport& report);

/// A screenful; --report has all.
inline constexpr std::size_t kMaxPrintedMisses = 20;

}  // namespace understudy
