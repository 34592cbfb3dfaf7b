#include "replayer/pacing.h"

#include <algorithm>

namespace understudy {

std::vector<PaceStep> reply_pace(const RecordedExchange& exchange) {
  std::vector<PaceStep> steps;
  Duration last{0};
  for (const Chunk& chunk : exchange.chunks) {
    if (chunk.from == Side::Client) {
      last = std::max(last, chunk.after);
      continue;
    }
    const Duration gap = std::max(chunk.after - last, Duration{0});
    last = std::max(last, chunk.after);
    if (gap.count() == 0 && !steps.empty()) {
      steps.back().bytes += chunk.size;
    } else {
      steps.push_back({chunk.size, gap});
    }
  }
  return steps;
}

Instant Pacer::next(Duration gap) {
  const double limit = static_cast<double>(kMaxGap.count());
  const double scaled = std::clamp(static_cast<double>(gap.count()) * factor_, 0.0, limit);
  last_ += Duration{static_cast<Duration::rep>(scaled)};
  return last_;
}

}  // namespace understudy
