#include "ui/cli/option_values.h"

#include <fmt/format.h>
#include <charconv>

namespace understudy {

namespace {

/// Longer than any test run; and far from overflow.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24);
constexpr double kMaxTimingFactor = 1000;

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value > max) return std::nullopt;
  return value;
}

Result<UiChoice> parse_ui_choice(std::string_view option, std::string_view text) {
  if (text == "off") return UiChoice{UiChoice::Kind::Off, {}};
  std::string_view host = "127.0.0.1";
  std::string_view port = text;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  const std::optional<std::uint64_t> number = parse_count(port, 65535);
  if (!number) {
    return std::unexpected(
        Error(ErrorSource::Config, std::string(option),
              fmt::format("'{}' is not [HOST:]PORT, such as 7070 or 127.0.0.1:7070", text)));
  }
  if (!is_loopback_host(host)) {
    return std::unexpected(Error(
        ErrorSource::Config, std::string(option),
        fmt::format("'{}' can be reached by other machines, and recorded traffic holds secrets; "
                    "this version serves 127.0.0.1, ::1 and localhost only",
                    text)));
  }
  return UiChoice{UiChoice::Kind::At, {std::string(host), static_cast<std::uint16_t>(*number)}};
}

std::optional<std::chrono::milliseconds> parse_wait(std::string_view text) {
  std::uint64_t unit_ms = 1000;
  if (text.ends_with("ms")) {
    unit_ms = 1;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  } else if (text.ends_with('m')) {
    unit_ms = 60'000;
    text.remove_suffix(1);
  }
  const auto most = static_cast<std::uint64_t>(kLongestWait.count());
  const std::optional<std::uint64_t> number = parse_count(text, most / unit_ms);
  if (!number || *number == 0) return std::nullopt;
  return std::chrono::milliseconds(*number * unit_ms);
}

std::optional<double> parse_timing(std::string_view text) {
  if (text == "none") return 0;
  if (text == "recorded") return 1;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !(value >= 0) || value > kMaxTimingFactor) {
    return std::nullopt;
  }
  return value;
}

}  // namespace understudy
