// The front of a service that clients may reach by TLS or plain: the first bytes of a connection
// tell which, and the service's own conversation goes on from there. Sans-io.
//
// A server that speaks first waits for the client here: nobody can know before what it expects.
#pragma once

#include "replayer/conversation.h"
#include "replayer/repertoire.h"

#include <string>

namespace understudy {

class TlsFront final : public Conversation {
 public:
  /// `repertoire` outlives it. `name`: the host that the service stands for, empty = none.
  TlsFront(Repertoire& repertoire, const ConversationPlace& place, std::string name);

  void on_open(Moment, Outbox&) override {}
  void on_bytes(ByteView bytes, Moment now, Outbox& out) override;
  void on_eof(Moment now, Outbox& out) override;
  void on_time(Moment, Outbox&) override {}
  void on_sent(Moment, Outbox&) override {}
  void on_secured(Moment now, Outbox& out) override;

  [[nodiscard]] bool wants_bytes() const override { return true; }
  [[nodiscard]] Silence silence() const override { return repertoire_.first_silence(); }
  [[nodiscard]] bool idle() const override { return true; }

 private:
  void go_on(ByteView unread, Outbox& out);

  Repertoire& repertoire_;
  ConversationPlace place_;
  const std::string name_;
};

}  // namespace understudy
