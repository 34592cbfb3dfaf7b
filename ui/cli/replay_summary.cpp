#include "ui/cli/replay_summary.h"

#include "ui/cli/plain_text.h"

#include <fmt/format.h>

namespace understudy {

namespace {

/// Bodies differ in long values; --report has them whole.
constexpr std::size_t kMaxPrintedValue = 80;

std::string value_text(const std::string& value) {
  if (value.empty()) return "nothing";
  const std::string shown = printable(value);
  if (shown.size() <= kMaxPrintedValue) return shown;
  return printable(value.substr(0, kMaxPrintedValue)) + "…";
}

void add_miss(const ReportedRequest& request, std::vector<std::string>& lines) {
  lines.push_back(fmt::format("missed #{}: {} (rule {})", request.number, printable(request.label),
                              printable(request.service)));
  if (request.nearest.empty()) {
    lines.push_back("  nothing recorded is near to it");
    return;
  }
  const NearStub& nearest = request.nearest.front();
  lines.push_back(
      fmt::format("  nearest: exchange {}, {}", nearest.exchange, printable(nearest.label)));
  for (const Difference& difference : nearest.differences) {
    lines.push_back(fmt::format("    {}: recorded {}, got {}", printable(difference.field),
                                value_text(difference.expected), value_text(difference.got)));
  }
}

}  // namespace

std::vector<std::string> replay_summary(const ReplayReport& report) {
  const ReplayTotals& totals = report.totals;
  std::vector<std::string> lines;
  lines.push_back(fmt::format(
      "replayed {}: {} exact, {} relaxed, {} exhausted, {} missed, {} unused", report.recording,
      totals.exact, totals.relaxed, totals.exhausted, totals.missed, totals.unused));
  if (totals.control > 0) lines.push_back(fmt::format("{} control messages", totals.control));
  lines.push_back(fmt::format("{} outgoing connections", totals.outgoing));
  if (report.failed_handshakes > 0) {
    lines.push_back(fmt::format("{} failed TLS handshakes: see the log", report.failed_handshakes));
  }
  std::size_t printed = 0;
  for (const ReportedRequest& request : report.requests) {
    if (request.outcome != Outcome::Missed) continue;
    if (printed++ == kMaxPrintedMisses) {
      lines.push_back("… more misses follow; --report FILE.json has all");
      break;
    }
    add_miss(request, lines);
  }
  for (const std::string& exchange : report.not_served) {
    lines.push_back("not served: exchange " + printable(exchange));
  }
  return lines;
}

}  // namespace understudy
