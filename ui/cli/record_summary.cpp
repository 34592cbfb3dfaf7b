#include "ui/cli/record_summary.h"

#include "ui/cli/command_run.h"
#include "ui/cli/line_json.h"
#include "ui/cli/plain_text.h"

#include <fmt/format.h>
#include <array>
#include <nlohmann/json.hpp>

namespace understudy {

std::vector<std::string> summary_lines(const RecordSummary& summary) {
  const WriterSummary& written = summary.written;
  const std::array<std::string, 2> words{summary.store, written.name};
  const std::string store = command_text({words.data(), 1});
  return {fmt::format("recorded {}: {} in {}, {}, in {}", written.name,
                      count_text(static_cast<std::uint64_t>(written.exchanges), "exchange"),
                      count_text(static_cast<std::uint64_t>(written.sessions), "session"),
                      size_text(written.bytes), summary.store),
          fmt::format("next: understudy list {}", command_text(words)),
          fmt::format("      understudy replay {}", store)};
}

std::vector<std::string> loss_lines(const RecordSummary& summary) {
  std::vector<std::string> lines;
  const WriterSummary& written = summary.written;
  if (!summary.problem.empty()) {
    lines.push_back("the store broke: " + summary.problem);
  }
  if (written.lost_rows > 0 || written.lost_bytes > 0) {
    lines.push_back(fmt::format(
        "NOT STORED: {} and {} of others, {}{}", count_text(written.lost_exchanges, "exchange"),
        count_text(written.lost_rows - written.lost_exchanges, "piece"),
        size_text(written.lost_bytes),
        summary.problem.empty() ? "; the store could not take them in time (--overload drop)"
                                : ""));
  }
  if (summary.counters.refused > 0) {
    lines.push_back(fmt::format("{} refused: more than --max-connections were open",
                                count_text(summary.counters.refused, "connection")));
  }
  return lines;
}

std::string summary_json(const RecordSummary& summary) {
  const WriterSummary& written = summary.written;
  const nlohmann::ordered_json problem =
      summary.problem.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(summary.problem);
  const nlohmann::ordered_json out{{"recording", written.name},
                                   {"store", summary.store},
                                   {"sessions", written.sessions},
                                   {"exchanges", written.exchanges},
                                   {"bytes", written.bytes},
                                   {"lost_exchanges", written.lost_exchanges},
                                   {"lost_rows", written.lost_rows},
                                   {"lost_bytes", written.lost_bytes},
                                   {"dropped_bytes", summary.counters.dropped_bytes},
                                   {"refused_connections", summary.counters.refused},
                                   {"problem", problem}};
  return json_text(out);
}

}  // namespace understudy
