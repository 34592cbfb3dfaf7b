#include "ui/cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <utility>

namespace understudy {

namespace {

constexpr std::chrono::milliseconds kRedraw{100};

bool on_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

Progress progress_line(std::string what) {
  if (!on_terminal()) return {};
  return [what = std::move(what), last = std::chrono::steady_clock::time_point{}](
             std::int64_t done, std::int64_t total) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last >= kRedraw) {
      last = now;
      fmt::print(stderr, "\r\x1b[K{}: {} of {}", what, done, total);
    }
    return true;
  };
}

void clear_progress_line() {
  if (on_terminal()) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace understudy
