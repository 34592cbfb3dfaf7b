// Rows of a batch into the tables, by statements that are prepared once. No thread of its own: it
// belongs to the writer's. What it writes is only sure once the caller's transaction commits.
#pragma once

#include "protocols/core/error.h"
#include "store/certificate_chains.h"
#include "store/recording_sink.h"
#include "store/sqlite.h"

#include <cstdint>
#include <span>

namespace understudy {

/// Rows written so far, for the recording's row and the summary.
struct RowCounts {
  std::int64_t sessions = 0, exchanges = 0, segments = 0;
  std::uint64_t bytes = 0;  ///< of requests and replies, segments included
};

class RowWriter {
 public:
  /// `first_rule` is the row id of the recording's first rule; the others follow it.
  [[nodiscard]] static Result<RowWriter> prepare(Database& database, std::int64_t first_rule);

  /// Writes all rows of the batches: kind by kind, and exchanges in the order of their ids across
  /// batches, since appending to a table is half the cost of inserting between.
  [[nodiscard]] Result<void> write(std::span<const std::unique_ptr<Batch>> batches);

  [[nodiscard]] const RowCounts& counts() const { return counts_; }

 private:
  RowWriter() = default;
  Result<void> open_session(const SessionOpened& row);
  Result<void> close_session(const SessionClosed& row);
  Result<void> add_upstream(const UpstreamOpened& row);
  Result<void> place_upstream(const UpstreamPlaced& row);
  Result<void> add_tls(const TlsAgreed& row);
  Result<void> add_exchange(const Batch& batch, const ExchangeRow& row);
  Result<void> add_segment(const Batch& batch, const SegmentRow& row);
  Result<void> update_exchange(const Batch& batch, const ExchangeUpdate& row);
  Result<void> append_edits(const Batch& batch, const ExchangeUpdate& row);
  Result<void> write_exchanges(std::span<const std::unique_ptr<Batch>> batches);

  /// An exchange row and the batch that holds its bytes.
  struct Placed {
    const Batch* batch;
    const ExchangeRow* row;
  };

  std::int64_t first_rule_ = 0;
  Statement open_session_, close_session_, add_upstream_, place_upstream_, add_tls_, add_exchange_,
      add_segment_, update_exchange_, read_edits_, write_edits_;
  CertificateChains chains_;
  std::vector<Placed> in_order_;
  Bytes edits_;
  RowCounts counts_;
};

}  // namespace understudy
