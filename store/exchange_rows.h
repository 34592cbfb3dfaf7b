// Exchanges put together from their rows and segments. Belongs to the thread of its database.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/recorded.h"
#include "store/sqlite.h"
#include "store/upstream_places.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace understudy {

class ExchangeRows {
 public:
  /// The columns that assemble() reads, and their table.
  static constexpr std::string_view kSelect =
      "SELECT id, session, number, opener, origin, ending, status, started_at, duration,"
      " request_size, reply_size, protocol, method, resource, chunks, edits, note, request, reply,"
      " upstream"
      " FROM exchange ";

  /// `first_exchange` is the recording's; of each message at most `max_bytes` are given.
  ExchangeRows(Database& database, std::int64_t first_exchange, std::size_t max_bytes,
               UpstreamPlaces places = {})
      : database_(database),
        first_exchange_(first_exchange),
        max_bytes_(max_bytes),
        places_(std::move(places)) {}

  /// The exchange of the row that a statement from kSelect stands at. Sizes of an open one are
  /// those of what was written.
  [[nodiscard]] Result<RecordedExchange> assemble(const Statement& row);

 private:
  Result<void> add_segments(RecordedExchange& one);
  void add_segment(RecordedExchange& one);

  Database& database_;
  const std::int64_t first_exchange_;
  const std::size_t max_bytes_;
  const UpstreamPlaces places_;
  Statement segments_;  ///< prepared when the first spilled exchange comes
};

}  // namespace understudy
