// One connection of a service that replays by exchange: whole requests in, recorded replies out, in
// the order of the requests (pipelining).
//
//   bytes ─▶ Decoder ─▶ [RequestGate] ─▶ key ─▶ ExchangeIndex ─▶ AnswerCursors ─▶ answer ─▶ Outbox
//                           │                     └─ no stub ─▶ NearestStubs ─▶ miss, in the
//                           │                                                   protocol's shape
//                           └─ on a forward proxy: our own reply, or a tunnel takes over
//
// Sans-io, one thread at a time. A request that lies whole in what was read is matched where it
// lies; only what is incomplete is copied. Between requests the conversation owns no buffer.
#pragma once

#include "protocols/core/decoder.h"
#include "replayer/conversation.h"
#include "replayer/exchange_repertoire.h"
#include "replayer/request_gate.h"
#include "replayer/scratch.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace understudy {

/// Largest request body that is matched: the key needs all of it in memory. Larger: 413.
inline constexpr std::size_t kMaxMatchedBody = std::size_t{64} * 1024 * 1024;

class ExchangeConversation final : public Conversation {
 public:
  /// `gate`: null but on a forward proxy.
  ExchangeConversation(ExchangeRepertoire& repertoire, const ConversationPlace& place,
                       std::unique_ptr<RequestGate> gate = nullptr);
  ~ExchangeConversation() override;

  void on_open(Moment, Outbox&) override {}
  void on_bytes(ByteView bytes, Moment now, Outbox& out) override;
  void on_eof(Moment now, Outbox& out) override;
  void on_time(Moment now, Outbox& out) override;
  void on_sent(Moment now, Outbox& out) override;

  [[nodiscard]] bool wants_bytes() const override { return !sending_ && !over_; }
  [[nodiscard]] Silence silence() const override;
  [[nodiscard]] bool idle() const override { return scratch_ == nullptr; }

 private:
  /// A reply that leaves in its recorded portions.
  struct PacedReply {
    const Stub* stub = nullptr;  ///< null = none is under way
    std::size_t step = 0;        ///< of stub->pace, the next to leave
    std::uint64_t sent = 0;      ///< bytes of pieces and stored bytes that left
    std::uint64_t total = 0;
    StoredBytes rest;        ///< follows the answer's pieces
    std::size_t answer = 0;  ///< position in Scratch::answers
    Instant deadline{};
  };

  /// Answers the whole requests at the front of `unread`; returns how many bytes they were.
  std::size_t work(ByteView unread, Moment now, Outbox& out);
  void ask_for_body(ByteView request, Outbox& out);
  void go_on(Moment now, Outbox& out);
  void settle(Outbox& out);
  void enter_tunnel(ByteView unread, Outbox& out);

  void answer(ByteView request, Moment now, Outbox& out);
  bool passes_gate(ByteView request, Moment now, Outbox& out);
  [[nodiscard]] ByteView place_of(ByteView request);
  void answer_with(const AnswerCursors::Answer& found, ByteView request, Moment now, Outbox& out);
  void miss(ByteView request, ByteView place, std::int64_t track, Moment now, Outbox& out);
  void refuse(std::uint16_t status, ByteView why, ByteView request, Moment now, Outbox& out);
  [[nodiscard]] std::string label_of(ByteView request) const;
  [[nodiscard]] LiveAnswer& next_answer() { return scratch_->answers[scratch_->answered++]; }
  [[nodiscard]] LiveContext context(Moment now) const;
  void send(const LiveAnswer& answer, const StoredBytes& rest, Outbox& out);
  void end_after(const LiveAnswer& answer, Outbox& out);
  void send_due(Moment now, Outbox& out);

  ExchangeRepertoire& repertoire_;
  const ConversationPlace place_;
  const std::unique_ptr<RequestGate> gate_;
  const std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<Scratch> scratch_;  ///< null between requests
  std::size_t taken_ = 0;             ///< bytes of the current request that the decoder took
  std::size_t head_bytes_ = 0;        ///< size of its head; 0 = the head is not there yet
  bool interim_sent_ = false;
  bool eof_ = false;
  bool over_ = false;                     ///< nothing is answered any more
  bool sending_ = false;                  ///< what is in the outbox must leave first
  std::unique_ptr<Conversation> tunnel_;  ///< granted: it goes on once the replies are out
  Pacer pacer_;
  PacedReply paced_;
};

}  // namespace understudy
