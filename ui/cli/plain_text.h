// Values as people read them in a terminal. Pure.
#pragma once

#include "protocols/core/recorded.h"
#include "protocols/core/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

/// "512 B", "1.4 kB", "2.1 GB" (powers of 1000).
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// "439 µs", "3.6 ms", "7.32 s".
[[nodiscard]] std::string duration_text(Duration duration);
/// "1 exchange", "12 exchanges".
[[nodiscard]] std::string count_text(std::uint64_t count, std::string_view thing);

/// Recorded text made safe for a terminal: control characters and those that turn the direction of
/// writing are shown as \x1b and U+202E, bytes that are no UTF-8 as \xff. Line feed and tab stay
/// where `lines` says so.
[[nodiscard]] std::string printable(std::string_view text, bool lines = false);
/// "complete", "cut by the client", …
[[nodiscard]] std::string_view ending_text(Ending ending);

/// `text` and spaces up to `columns`; longer text stays whole. Counts characters, not bytes.
[[nodiscard]] std::string padded(std::string text, std::size_t columns);
/// Characters of UTF-8 text.
[[nodiscard]] std::size_t column_count(std::string_view text);

}  // namespace understudy
