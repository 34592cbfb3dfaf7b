#include "ui/cli/list_command.h"

#include "ui/cli/exchange_lines.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/line_json.h"
#include "ui/cli/plain_text.h"
#include "ui/cli/store_access.h"
#include "ui/web/utc_text.h"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

std::string ended_text(const Recording& recording) {
  return recording.ended_at == Timestamp{} ? "running or killed"
                                           : utc_text_seconds(recording.ended_at);
}

Result<void> list_recordings(RecordingSource& source, bool json) {
  const auto recordings = source.recordings();
  if (!recordings) return std::unexpected(recordings.error());
  if (json) {
    for (const Recording& recording : *recordings) {
      fmt::print("{}\n", json_text(recording_json(recording)));
    }
    return {};
  }
  std::size_t columns = 9;
  for (const Recording& recording : *recordings) {
    columns = std::max(columns, column_count(printable(recording.name)));
  }
  fmt::print("{}  {:<20}  {:<20}  {:>5}  {:>8}  {:>9}\n", padded("RECORDING", columns), "STARTED",
             "ENDED", "RULES", "SESSIONS", "EXCHANGES");
  for (const Recording& recording : *recordings) {
    fmt::print("{}  {:<20}  {:<20}  {:>5}  {:>8}  {:>9}\n",
               padded(printable(recording.name), columns), utc_text_seconds(recording.started_at),
               ended_text(recording), recording.rules.size(), recording.sessions,
               recording.exchanges);
  }
  return {};
}

Result<void> list_exchanges(RecordingSource& source, const ListArguments& arguments) {
  const Result<Recording> recording = source.recording(arguments.recording);
  if (!recording) return std::unexpected(recording.error());
  const Result<Recording> latest = source.recording("");
  if (!latest) return std::unexpected(latest.error());
  const ExchangeLines lines({&*recording, 1}, latest->name);
  if (!arguments.json) fmt::print("{}\n", lines.header());
  return source.each_line(recording->id, [&](const ExchangeLine& exchange) {
    fmt::print("{}\n", arguments.json ? exchange_line_json(exchange) : lines.line(exchange));
    return true;
  });
}

}  // namespace

int run(const ListArguments& arguments) {
  const auto source = open_store(arguments.store);
  if (!source) return report_error(source.error());
  const Result<void> listed = arguments.recording.empty()
                                  ? list_recordings(**source, arguments.json)
                                  : list_exchanges(**source, arguments);
  return listed ? kExitDone : report_error(listed.error());
}

}  // namespace understudy
