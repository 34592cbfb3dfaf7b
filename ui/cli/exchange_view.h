// Exchanges and sessions as `show` prints them, but for --json. Reads from the source; prints to
// standard output.
#pragma once

#include "protocols/core/error.h"
#include "store/recording_source.h"
#include "ui/cli/store_access.h"

namespace understudy {

/// Facts, request and reply as text.
[[nodiscard]] Result<void> print_exchange(RecordingSource& source, const ExchangeLine& line);
/// All bytes of both sides, however many, as a hex dump.
[[nodiscard]] Result<void> print_hex(RecordingSource& source, const ExchangeLine& line);
/// The exact bytes of the request, then of the reply.
[[nodiscard]] Result<void> print_raw(RecordingSource& source, const ExchangeLine& line);
/// Facts of a session, above its exchanges.
void print_session(const FoundSession& found);

}  // namespace understudy
