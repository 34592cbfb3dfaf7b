// A new connection to a forward proxy, until it is known how its client speaks to it. Sans-io.
//
//   first bytes:  TLS ──▶ our certificate, then looked at again
//                 a handshake (SOCKS) ──▶ carried through, then a TunnelConversation
//                 else ──▶ ExchangeConversation with a gate, which may hand on to a tunnel
#pragma once

#include "replayer/proxy_repertoire.h"

#include <memory>

namespace understudy {

class ProxyConversation final : public Conversation {
 public:
  /// `repertoire` outlives it.
  ProxyConversation(ProxyRepertoire& repertoire, const ConversationPlace& place);

  void on_open(Moment, Outbox&) override {}
  void on_bytes(ByteView bytes, Moment now, Outbox& out) override;
  void on_eof(Moment now, Outbox& out) override;
  void on_time(Moment, Outbox&) override {}
  void on_sent(Moment, Outbox&) override { reply_.clear(); }
  void on_secured(Moment, Outbox&) override { place_.secured = true; }

  [[nodiscard]] bool wants_bytes() const override { return !over_; }
  [[nodiscard]] Silence silence() const override {
    return held_.empty() ? Silence::Idle : Silence::Head;
  }
  [[nodiscard]] bool idle() const override { return held_.empty(); }

 private:
  void shake_hands(Moment now, Outbox& out);
  void hand_over(std::unique_ptr<Conversation> next, Outbox& out);

  ProxyRepertoire& repertoire_;
  ConversationPlace place_;
  std::unique_ptr<ProxyFront> front_;  ///< null once it was handed on
  bool shaking_hands_ = false;
  bool over_ = false;
  Bytes held_;   ///< of the client, not used so far
  Bytes reply_;  ///< being sent
};

}  // namespace understudy
