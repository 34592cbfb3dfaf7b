// Option values that need more than a number: addresses, durations, factors. Pure.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"

#include <chrono>
#include <optional>
#include <string_view>

namespace understudy {

/// "off", "7071", "127.0.0.1:7071", "localhost:0", "[::1]:7071". Errors (Config): not of this form,
/// or an address that others than this machine can reach.
[[nodiscard]] Result<UiChoice> parse_ui_choice(std::string_view option, std::string_view text);

/// "10", "10s", "500ms", "5m"; a bare number is seconds. Nothing: not a duration, zero, or more
/// than a day.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_wait(std::string_view text);

/// "none" = 0, "recorded" = 1, else a factor from 0 to 1000. Nothing: none of these.
[[nodiscard]] std::optional<double> parse_timing(std::string_view text);

/// Decimal digits only, the whole text, at most `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t max);

}  // namespace understudy
