// Drives a conversation as a connection does, with a clock that a test moves.
#pragma once

#include "replayer/conversation.h"
#include "replayer/journal.h"
#include "replayer/repertoire.h"
#include "replayer/scratch.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::test {

/// The worker of a test: a journal with one lane, one shelf.
struct Stage {
  Journal journal{1};
  ScratchShelf scratch;
  std::string authority = "127.0.0.1:7000";
  bool secured = false;
  std::string destination;
  [[nodiscard]] ConversationPlace place() {
    ConversationPlace place(journal.lane(0), scratch, authority, 1);
    place.secured = secured;
    place.destination = destination;
    return place;
  }
  [[nodiscard]] ReplayReport report() const {
    ReplayReport report;
    journal.fill(report);
    return report;
  }
};

/// "GET /a exact" for each request so far.
inline std::vector<std::string> told(const Stage& stage) {
  std::vector<std::string> list;
  for (const ReportedRequest& request : stage.report().requests)
    list.push_back(request.label + " " + std::string(to_string(request.outcome)));
  return list;
}

class Driver {
 public:
  Driver(Repertoire& repertoire, Stage& stage) : Driver(repertoire.converse(stage.place())) {}
  explicit Driver(std::unique_ptr<Conversation> conversation)
      : conversation_(std::move(conversation)) {
    call([&](Outbox& out) { conversation_->on_open(now(), out); });
  }

  /// What the client says; returns what it hears at once.
  std::string say(ByteView bytes) {
    return call([&](Outbox& out) { conversation_->on_bytes(bytes, now(), out); });
  }
  std::string eof() {
    return call([&](Outbox& out) { conversation_->on_eof(now(), out); });
  }
  /// What was asked of TLS, until secured(); null = nothing.
  [[nodiscard]] const Handover* tls() const { return tls_.get(); }
  /// The client has agreed on TLS.
  std::string secured() {
    tls_.reset();
    return call([&](Outbox& out) { conversation_->on_secured(now(), out); });
  }
  /// Moves the clock to `at` after the start, as a deadline before it would; returns what is heard.
  std::string at(std::chrono::milliseconds at) {
    std::string heard;
    while (wake_ && *wake_ <= start_ + at && end_ == Outbox::End::None) {
      time_ = *wake_;
      heard += call([&](Outbox& out) { conversation_->on_time(now(), out); });
    }
    time_ = start_ + at;
    return heard;
  }

  /// All that was heard so far, the greeting included.
  [[nodiscard]] const std::string& heard() const { return heard_; }
  [[nodiscard]] Outbox::End end() const { return end_; }
  [[nodiscard]] bool waits() const { return wake_.has_value(); }
  [[nodiscard]] Conversation& conversation() { return *conversation_; }

 private:
  [[nodiscard]] Moment now() const {
    const auto wall = std::chrono::duration_cast<Duration>(time_ - start_);
    return {time_, Timestamp{std::chrono::seconds{1'700'000'000}} + wall};
  }
  template <class Call>
  std::string call(const Call& first) {
    std::string heard;
    Bytes unread;  // of a conversation that another one follows
    Outbox out;
    first(out);
    for (;;) {
      for (const ByteView piece : out.pieces)
        heard += piece;
      if (out.stored.size != 0) {
        heard += "<" + std::to_string(out.stored.exchange) + ":" +
                 std::to_string(out.stored.offset) + "+" + std::to_string(out.stored.size) + ">";
      }
      wake_ = out.wake;
      if (out.end != Outbox::End::None) end_ = out.end;
      if (end_ != Outbox::End::None) break;
      if (out.handover && !out.handover->next) {
        tls_ = std::move(out.handover);
        break;
      }
      const std::unique_ptr<Handover> handover = std::move(out.handover);
      const bool more = out.more;
      out.clear();
      if (handover) {
        unread = std::move(handover->unread);
        conversation_ = std::move(handover->next);
        conversation_->on_open(now(), out);
      } else if (more) {
        conversation_->on_sent(now(), out);
      } else if (!unread.empty() && conversation_->wants_bytes()) {
        const Bytes bytes = std::exchange(unread, {});
        conversation_->on_bytes(bytes, now(), out);
      } else {
        break;
      }
    }
    heard_ += heard;
    return heard;
  }

  std::unique_ptr<Conversation> conversation_;
  const Instant start_{std::chrono::hours(1)};
  Instant time_ = start_;
  std::optional<Instant> wake_;
  std::unique_ptr<Handover> tls_;
  Outbox::End end_ = Outbox::End::None;
  std::string heard_;
};

}  // namespace understudy::test
