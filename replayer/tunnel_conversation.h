// The inside of a tunnel through the forward proxy, until it is known what is spoken there.
// Sans-io.
//
//   first bytes:  TLS ──▶ our certificate for the host, then looked at again
//                 the proxy's protocol ──▶ ExchangeConversation for that place
//                 anything else, silence, or where the server always spoke first
//                     ──▶ StreamConversation of the sessions that led there
//
// The host is the one that the tunnel was asked for, whatever TLS names inside. A tunnel to where
// nothing was recorded is granted, and what is asked inside is missed.
#pragma once

#include "replayer/proxy_repertoire.h"

#include <chrono>

namespace understudy {

/// How long a client may be silent before the server speaks, where it sometimes did so first; also
/// how long a few bytes that may be anything are waited on. As the recorder does.
inline constexpr std::chrono::milliseconds kFirstBytesPatience{300};

class TunnelConversation final : public Conversation {
 public:
  /// `repertoire` outlives it. `place`: of the connection to the proxy.
  TunnelConversation(ProxyRepertoire& repertoire, const ConversationPlace& place,
                     const Endpoint& destination);

  void on_open(Moment now, Outbox& out) override;
  void on_bytes(ByteView bytes, Moment now, Outbox& out) override;
  void on_eof(Moment now, Outbox& out) override;
  void on_time(Moment now, Outbox& out) override;
  void on_sent(Moment, Outbox&) override {}
  void on_secured(Moment now, Outbox& out) override;

  [[nodiscard]] bool wants_bytes() const override { return true; }
  [[nodiscard]] Silence silence() const override;
  [[nodiscard]] bool idle() const override { return held_.empty(); }

 private:
  [[nodiscard]] bool only_servers_begin() const;
  void wait(Moment now, Outbox& out) const;
  void go_requests(Outbox& out);
  void go_bytes(Outbox& out);
  void go_on(std::unique_ptr<Conversation> next, Outbox& out);

  ProxyRepertoire& repertoire_;
  ConversationPlace place_;
  const Endpoint destination_;
  StreamRepertoire* streams_;  ///< the sessions of bytes that led there; null = none did
  Bytes held_;
};

}  // namespace understudy
