// How alike two texts are, cheaply. Pure functions.
#pragma once

#include "protocols/core/bytes.h"

#include <algorithm>
#include <cstddef>

namespace understudy {

/// Share of the longer text that is a common beginning or end: 1 = equal, 0 = nothing in common.
/// Linear, no allocation. Two empty texts are equal.
[[nodiscard]] inline double similarity(ByteView a, ByteView b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.empty()) return 1;
  const auto front =
      static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  a.remove_prefix(front);
  b.remove_prefix(front);
  const auto back =
      static_cast<std::size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin()).first - a.rbegin());
  return static_cast<double>(front + back) / static_cast<double>(front + b.size());
}

}  // namespace understudy
