// One connection of a service that is replayed as whole conversations (raw TCP): the client's bytes
// are followed along a recorded session, and what the server said there is said again when the
// client has come as far.
//
// How the client's bytes fall into packets does not matter. Where they differ from the session that
// is followed, another one with the same transcript so far takes over; where none has it, that is a
// miss, and the connection closes, since no one can know what the server would have said.
//
// Under a rule that redacts, only whole turns can be compared (a secret may lie across packets):
// the bytes of one turn are held until the length of a recorded one is there.
//
// Sans-io, one thread at a time.
#pragma once

#include "replayer/conversation.h"
#include "replayer/stream_repertoire.h"
#include "replayer/stream_transcript.h"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace understudy {

/// Under redaction: how long bytes that fit no session may be the front of a turn that fits one.
inline constexpr std::chrono::seconds kTurnPatience{2};

class StreamConversation final : public Conversation {
 public:
  StreamConversation(StreamRepertoire& repertoire, const ConversationPlace& place);
  ~StreamConversation() override;

  void on_open(Moment now, Outbox& out) override;
  void on_bytes(ByteView bytes, Moment now, Outbox& out) override;
  void on_eof(Moment now, Outbox& out) override;
  void on_time(Moment now, Outbox& out) override;
  void on_sent(Moment now, Outbox& out) override { release(now, out); }

  [[nodiscard]] bool wants_bytes() const override { return !over_ && !eof_; }
  [[nodiscard]] Silence silence() const override { return Silence::Unlimited; }
  [[nodiscard]] bool idle() const override;

 private:
  void take_bytes(ByteView bytes, Moment now);
  void take_turns(Moment now);
  [[nodiscard]] bool may_become_a_turn() const;
  [[nodiscard]] bool turn_fits(const StreamScript& script);
  [[nodiscard]] const Bytes& redacted(std::uint64_t size);
  [[nodiscard]] ByteView longest_front(ByteView bytes) const;
  bool claim(const ScriptPool::Fits& fits);
  void follow(ScriptPool::Pick pick);
  void advance(std::uint64_t size, Moment now);
  void report_turns(Moment now);
  void release(Moment now, Outbox& out);
  void release_end(Moment now, Outbox& out);
  bool is_due(Duration gap, Moment now, Outbox& out);
  void miss(ByteView got, Moment now, bool used_up = false);
  [[nodiscard]] bool any(const ScriptPool::Fits& fits) const;

  StreamRepertoire& repertoire_;
  const ConversationPlace place_;
  StreamTranscript so_far_;
  std::size_t script_ = 0;  ///< position of so_far_.script in the pool
  bool claimed_ = false;    ///< else it is only pencilled in
  bool again_ = false;      ///< the session was used before
  std::size_t turn_ = 0;    ///< the first turn that was not reported
  std::size_t next_send_ = 0;
  Pacer pacer_;
  std::optional<Instant> deadline_;  ///< of the next send or of the end
  std::optional<Instant> patience_;  ///< until when held bytes may become a turn
  Bytes held_;                       ///< under redaction: bytes of a turn that is not whole
  /// The front of held_ with stand-ins, by its size: many sessions have turns of one size.
  std::unordered_map<std::uint64_t, Bytes> redacted_;
  bool eof_ = false;
  bool missed_ = false;  ///< the connection closes once what is due has left
  bool over_ = false;    ///< nothing the client says matters any more
};

}  // namespace understudy
