// The tape of one session: collects what a forwarder says into exchange rows.
//
// An exchange that ends within a beat becomes one row with all its bytes. One that is still open
// at the second beat after it began, or that has grown beyond kSpillBytes, is written as far as it
// is, and the rest follows in segments; so memory is bounded whatever a body's size, and a kill
// costs a beat. Where a rule redacts, nothing leaves this object before it is redacted.
//
// Sans-io, one worker thread.
#pragma once

#include "protocols/core/recorded.h"
#include "protocols/core/tape.h"
#include "protocols/core/time.h"
#include "recorder/open_exchange.h"
#include "recorder/row_outbox.h"
#include "recorder/rule_redaction.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// What is spilled instead of kSpillBytes while the worker's sessions hold much together
/// (RowOutbox::crowded()).
inline constexpr std::size_t kCrowdedSpillBytes = std::size_t{16} * 1024;

/// A message that must be whole to be redacted is held up to this; what is longer is not stored
/// beyond its head, and the exchange says so.
inline constexpr std::size_t kMaxHeldForRedaction = std::size_t{8} * 1024 * 1024;

class SessionTape final : public Tape {
 public:
  /// `protocol` is the registry's static name; `redaction` null = nothing to redact. All outlive
  /// the tape.
  SessionTape(RowOutbox& outbox, std::int64_t session, std::string_view protocol,
              const RuleRedaction* redaction);
  ~SessionTape() override;
  SessionTape(const SessionTape&) = delete;
  SessionTape& operator=(const SessionTape&) = delete;

  /// The time of the read whose bytes follow.
  void set_time(Timestamp now) { now_ = now; }

  void begin(ExchangeNo exchange, Side opener, UpstreamNo upstream) override;
  void head(ExchangeNo exchange, Side from, ByteView bytes) override;
  void body(ExchangeNo exchange, Side from, ByteView bytes) override;
  void passed(Side from, std::uint64_t size) override;
  void message_end(ExchangeNo exchange, Side from) override;
  void facts(ExchangeNo exchange, const Facts& facts) override;
  void edit(ExchangeNo exchange, Side from, Edit edit) override;
  void answered_by_us(ExchangeNo exchange) override;
  void end(ExchangeNo exchange, Ending ending, ByteView note) override;
  void session_note(ByteView note) override;
  void speaks(std::string_view protocol) override { protocol_ = protocol; }

  enum class Spill : std::uint8_t { Old, All };
  /// Writes what is open and old (or all of it) as far as it is. True: nothing is left unwritten.
  bool spill(Spill which);

  [[nodiscard]] std::string_view note() const { return note_; }
  [[nodiscard]] std::uint64_t bytes_from(Side side) const {
    return bytes_[static_cast<std::size_t>(side)];
  }
  [[nodiscard]] std::uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  using Half = OpenExchange::Half;

  OpenExchange& find(ExchangeNo exchange);
  RecordingSink* lender();
  void append(OpenExchange& open, Side from, ByteView bytes, bool is_head);
  void release_held(OpenExchange& open, Side from);
  [[nodiscard]] bool reads_redacted(const OpenExchange& open) const {
    return redaction_ != nullptr && open.protocol == own_protocol_;
  }
  void refresh_redacted_facts(OpenExchange& open);
  void ensure_listed();
  /// Moves a side's unwritten bytes into the batch.
  Span give(Half& side);
  void let_go(Half& side);
  void add_chunk(OpenExchange& open, Side from, std::size_t size);
  /// The list with the last chunk in it, as it goes into a row; empty from then on.
  Span take_chunks(OpenExchange& open);
  void drop_unwritten(OpenExchange& open);
  void count_dropped(std::uint64_t bytes);
  void add_note(OpenExchange& open, std::string_view text);
  void write(OpenExchange& open, bool still_open, Ending ending);
  void write_row(OpenExchange& open, bool still_open, Ending ending);
  void write_segments(OpenExchange& open);
  void write_update(OpenExchange& open, Ending ending);
  [[nodiscard]] Duration since(const OpenExchange& open) const;

  RowOutbox& outbox_;
  const std::int64_t session_;
  const std::string_view own_protocol_;  ///< the rule's, which its redaction can read
  std::string_view protocol_;  ///< of exchanges that begin now; static text of the registry
  const RuleRedaction* const redaction_;
  Timestamp now_{};
  std::vector<std::unique_ptr<OpenExchange>> open_;  ///< in order of number
  bool listed_ = false;
  std::string note_;
  std::uint64_t bytes_[2] = {0, 0};
  std::uint64_t dropped_bytes_ = 0;
};

}  // namespace understudy
