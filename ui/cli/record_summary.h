// What a recording came to, for people and as JSON. Pure.
#pragma once

#include "recorder/recorder.h"
#include "store/recording_writer.h"

#include <string>
#include <vector>

namespace understudy {

struct RecordSummary {
  std::string store;
  WriterSummary written;
  std::string problem;  ///< why the store broke; empty = it did not
  RecorderCounters counters;
};

/// Lines: what was recorded where, and what to try next.
[[nodiscard]] std::vector<std::string> summary_lines(const RecordSummary& summary);
/// Lines about what was lost, empty where nothing was.
[[nodiscard]] std::vector<std::string> loss_lines(const RecordSummary& summary);
/// {"recording","store","sessions","exchanges","bytes","lost_exchanges","lost_rows","lost_bytes",
/// "dropped_bytes","refused_connections","problem"}. Stored and lost add up to what was forwarded;
/// the dropped bytes are those of the lost ones that never waited for the store.
[[nodiscard]] std::string summary_json(const RecordSummary& summary);

}  // namespace understudy
