// How far two messages are apart, field by field, whatever their protocol. Pure functions.
#pragma once

#include "protocols/core/replay.h"
#include "replayer/report.h"

#include <vector>

namespace understudy {

struct FieldDistance {
  double distance = 0;                  ///< 0 = equal, 1 = nothing in common
  std::vector<Difference> differences;  ///< by name
};

/// Compares the fields that count when matching (Field::in_key). Each kind of field ("method",
/// "query", "body": the name up to the first '.' or ':') weighs the same, however many fields it
/// has, so that a long body does not hide a wrong path. Values are shown shortened.
[[nodiscard]] FieldDistance field_distance(std::vector<Field> expected, std::vector<Field> got);

/// A value as people can read it in a report: at most this many bytes, then "…".
inline constexpr std::size_t kMaxShownValue = 200;
[[nodiscard]] std::string shown(ByteView value);

}  // namespace understudy
