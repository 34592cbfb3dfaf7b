// What the integers in the tables mean, in both directions. No state.
#pragma once

#include "protocols/core/recorded.h"
#include "protocols/core/tape.h"
#include "protocols/core/time.h"

#include <cstdint>

namespace understudy {

/// Columns of times hold UTC microseconds.
[[nodiscard]] inline std::int64_t to_column(Timestamp time) {
  return time.time_since_epoch().count();
}
[[nodiscard]] inline Timestamp timestamp_of(std::int64_t column) {
  return Timestamp(Duration(column));
}

/// Sizes and offsets; a negative one of a damaged file is none.
[[nodiscard]] inline std::int64_t to_column(std::uint64_t size) {
  return static_cast<std::int64_t>(size);
}
[[nodiscard]] inline std::uint64_t size_of(std::int64_t column) {
  return column < 0 ? 0 : static_cast<std::uint64_t>(column);
}

/// exchange.ending: 0 while more may come.
[[nodiscard]] inline std::int64_t to_column(bool open, Ending ending) {
  return open ? 0 : static_cast<int>(ending);
}
/// A code of a damaged or newer file is taken as the nearest thing this program knows.
[[nodiscard]] inline Ending ending_of(std::int64_t column) {
  return column >= 1 && column <= 4 ? static_cast<Ending>(column) : Ending::Complete;
}

[[nodiscard]] inline Side side_of(std::int64_t column) {
  return column == 0 ? Side::Client : Side::Server;
}
[[nodiscard]] inline Origin origin_of(std::int64_t column) {
  return column == 0 ? Origin::Upstream : Origin::Understudy;
}

}  // namespace understudy
