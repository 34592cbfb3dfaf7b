#include "ui/cli/later_options.h"

#include <fmt/format.h>
#include <array>
#include <string_view>

namespace understudy {

namespace {

struct Later {
  std::string_view word, instead;
};

constexpr std::array<Later, 6> kLaterCommands{{
    {"match", "run `understudy replay` and send the request: a miss names the nearest stubs"},
    {"diff", "compare the output of two `understudy show`"},
    {"check", "record again and compare"},
    {"export", "read the views `http` and `exchanges` with sqlite3"},
    {"import", "record the traffic with `understudy record`"},
    {"framing", "raw TCP is replayed as whole conversations"},
}};

constexpr std::array<Later, 1> kLaterOptions{{
    {"--ui-token", "the UI serves this machine only"},
}};

Error not_yet(std::string_view word, std::string_view instead) {
  return {ErrorSource::Config, "",
          fmt::format("'{}' is not part of this version; {}", word, instead)};
}

}  // namespace

Result<void> refuse_later_parts(std::span<const std::string> arguments) {
  if (arguments.empty()) return {};
  for (const Later& command : kLaterCommands) {
    if (arguments.front() == command.word) {
      return std::unexpected(not_yet(command.word, command.instead));
    }
  }
  for (const std::string& argument : arguments) {
    const std::string_view name = std::string_view(argument).substr(0, argument.find('='));
    for (const Later& option : kLaterOptions) {
      if (name == option.word) return std::unexpected(not_yet(option.word, option.instead));
    }
  }
  return {};
}

Result<void> check_on_miss(const std::string& value) {
  if (value == "error") return {};
  if (value == "forward" || value == "record") {
    return std::unexpected(
        not_yet("--on-miss " + value, "replay never connects out, leave the option out"));
  }
  return std::unexpected(
      Error(ErrorSource::Config, "--on-miss", fmt::format("'{}' is not 'error'", value)));
}

Result<void> check_report_name(const std::string& file) {
  if (file.ends_with(".json") || file.ends_with(".xml")) return {};
  return std::unexpected(
      Error(ErrorSource::Config, "--report",
            fmt::format("'{}' ends neither in .json nor in .xml (JUnit)", file)));
}

}  // namespace understudy
