// The row of a recording and those of its rules: made when it starts, completed when it ends. No
// state; belongs to the writer's thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/time.h"
#include "store/recording_sink.h"
#include "store/row_writer.h"
#include "store/sqlite.h"

#include <cstdint>
#include <string>

namespace understudy {

/// A recording that has begun, and the ids that its rows start with.
struct RecordingBegun {
  std::int64_t id = 0;
  std::string name;
  std::int64_t first_rule = 0, first_session = 0, first_exchange = 0;
};

/// Adds the rows in one transaction, and this process as the recorder. Errors: Config (the name is
/// taken), Store.
[[nodiscard]] Result<RecordingBegun> begin_recording(Database& database,
                                                     const RecordingStart& start, Timestamp now);

/// Completes the row with what was written and lost.
[[nodiscard]] Result<void> end_recording(Database& database, std::int64_t recording, Timestamp now,
                                         const RowCounts& written, std::uint64_t lost_rows,
                                         std::uint64_t lost_bytes);

/// "https://api.example.com/base": what stands before the resource in a URL as the upstream sees
/// it. The scheme's default port is dropped. Empty where the rule names no upstream.
[[nodiscard]] std::string base_url(const ForwardRule& rule);

}  // namespace understudy
