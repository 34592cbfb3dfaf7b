// Recorded gaps, replayed: how long after a request its reply leaves, and in which portions.
// Plain values, no clock: times are handed in.
#pragma once

#include "protocols/core/recorded.h"
#include "protocols/core/time.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace understudy {

/// A point on the clock that deadlines are kept by; it never jumps.
using Instant = std::chrono::steady_clock::time_point;

/// A portion of a reply and how long after the one before it (the first: after the request's end)
/// it came.
struct PaceStep {
  std::uint64_t bytes = 0;
  Duration gap{0};
  friend bool operator==(const PaceStep&, const PaceStep&) = default;
};

/// The portions in which the reply of `exchange` came, in order; they add up to the chunks' sizes.
/// Portions without a gap between them are one. Empty = no times were recorded.
[[nodiscard]] std::vector<PaceStep> reply_pace(const RecordedExchange& exchange);

/// Turns recorded gaps into deadlines. Each counts from the deadline before it, not from the moment
/// at which that was met, so that late wake-ups do not add up.
class Pacer {
 public:
  /// `factor` scales every gap: 0 = none waits, 1 = as recorded, 2 = twice as slow. Not negative.
  explicit Pacer(double factor) : factor_(factor) {}

  [[nodiscard]] bool waits() const { return factor_ > 0; }
  /// Something arrived from which the next gap counts.
  void arrival(Instant at) { last_ = at; }
  /// The deadline of what came `gap` after the last one.
  Instant next(Duration gap);

 private:
  double factor_;
  Instant last_{};
};

/// Longest gap that is kept, scaled or not: a longer one means a pause of the tester, and the
/// arithmetic stays far from overflow.
inline constexpr Duration kMaxGap = std::chrono::hours(1);

}  // namespace understudy
