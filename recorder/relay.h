// One client connection on its way to its upstreams: the only part of the recorder that does I/O.
//
// The relay moves bytes and nothing else. What they mean, where they go and what is rewritten is
// the Forwarder's; what is kept is the tape's. Two pumps, one per direction, are the whole of it
// while the upstream does not change:
//
//   pump: wait until readable ─▶ read into the worker's buffer ─▶ Forwarder ─▶ Link::send_* ─▶ one
//   sendmsg
//
// TLS is agreed on by the port's pump, before it reads on; above it, bytes are what they were.
//
// What a socket does not take at once waits in its port's backlog, and nothing is read for that
// port until it is gone (back-pressure). What the Forwarder does not take waits in `unread`.
//
// Lives on one worker's thread, kept alive by its coroutines (shared_ptr).
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/transport/connector.h"
#include "protocols/transport/rule_tls.h"
#include "protocols/transport/stream.h"
#include "protocols/transport/tls_handshake.h"
#include "recorder/own_connections.h"
#include "recorder/rejected_hosts.h"
#include "recorder/relay_worker.h"
#include "recorder/session_tape.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// What a relay needs to know of its rule; outlives every session.
struct RelayRule {
  const ForwardRule* rule = nullptr;
  std::uint32_t position = 0;
  const Protocol* protocol = nullptr;
  const RuleRedaction* redaction = nullptr;  ///< null = nothing to redact
  RuleTls tls;                               ///< both null where the rule has none
  bool is_public = false;                    ///< others than this machine can connect
  // Never null once the rule listens.
  RejectedHosts* rejected = nullptr;
  OwnConnections* own_connections = nullptr;  ///< all rules'
};

class Relay final : public Link, public std::enable_shared_from_this<Relay> {
 public:
  /// `open_sessions` counts this one while it lives.
  Relay(RelayWorker& home, const RelayRule& rule, Stream client,
        std::atomic<std::int64_t>& open_sessions);
  ~Relay() override;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Spawns the client's pump. Call once, on the worker's thread.
  void start();
  /// A tick passed: ends silences that lasted too long.
  void tick();
  /// The program stops: end now if nothing is due, else when it is done.
  void begin_stop();
  /// End now, whatever is due or still on its way.
  void end_now();

  // Link
  UpstreamNo open(const Route& route) override;
  void send_client(std::span<const ByteView> pieces) override;
  void send_upstream(UpstreamNo upstream, std::span<const ByteView> pieces) override;
  void finish_client() override;
  void finish_upstream(UpstreamNo upstream) override;
  void close() override;
  void abort() override;
  void close_upstream(UpstreamNo upstream) override;
  void secure_client(std::string fallback) override;
  void secure_upstream(UpstreamNo upstream, const Route& route) override;
  void leads_to(UpstreamNo upstream, const std::string& place) override;
  void become(std::unique_ptr<Forwarder> next) override;
  void expect(Wait wait) override;
  Tape& tape() override { return tape_; }
  [[nodiscard]] ByteView authority_pem() const override;
  [[nodiscard]] bool is_public() const override { return rule_.is_public; }
  void remember_rejection(const std::string& host) override { rule_.rejected->add(host); }
  [[nodiscard]] bool was_rejected(const std::string& host) const override {
    return rule_.rejected->has(host);
  }

 private:
  /// One socket of the session and what is on its way through it.
  struct Port {
    std::optional<Stream> stream;
    UpstreamNo number = 0;  ///< 0 = the client
    Bytes unread;           ///< read from it, not taken by the forwarder
    Bytes backlog;          ///< to be sent to it, not taken by the socket
    std::size_t backlog_sent = 0;
    bool blocked = false;       ///< the forwarder takes no more until something else happens
    bool fin_seen = false;      ///< it sends no more
    bool finish_after = false;  ///< send FIN when the backlog is gone
    bool finished = false;      ///< FIN is sent
    bool flushing = false;      ///< a coroutine empties the backlog
    bool pumping = false;       ///< its pump runs
    bool opening = false;       ///< the attempt to connect has not ended
    bool securing = false;      ///< TLS is to be agreed on, or being agreed on: nothing is sent
    bool dropped = false;       ///< the forwarder let it go: no event of it any more
    Route route;                ///< an upstream's
    ConnectCancel connecting;   ///< gives an attempt up that is under way
    ErrorCode broken;           ///< how a write found out that the connection is gone
    std::string own_end;        ///< as listed in OwnConnections; empty = not listed
    [[nodiscard]] bool has_backlog() const { return backlog_sent < backlog.size(); }
    [[nodiscard]] std::size_t kept_bytes() const { return unread.size() + backlog.size(); }
  };
  /// How agreeing on TLS with an upstream ended.
  struct Agreement {
    std::string failed;  ///< in words; empty = there is TLS
    NoUpstream why = NoUpstream::Untrusted;

    Agreement() = default;
  };
  enum class Phase : std::uint8_t { Running, Closing, Closed };

  // `self` keeps the relay alive as long as the coroutine.
  Task<void> run_client(std::shared_ptr<Relay> self);
  Task<void> run_upstream(std::shared_ptr<Relay> self, Port& port);
  Task<ConnectOutcome> connect(Port& port);
  void upstream_ready(Port& port, const Error& error, NoUpstream why);
  Task<void> pump(Port& port);
  Task<void> flush(std::shared_ptr<Relay> self, Port& port);
  [[nodiscard]] bool must_wait(const Port& port) const;
  [[nodiscard]] bool is_over(const Port& port) const;
  Task<void> until_may_read(Port& port);
  // relay_tls.cpp
  void begin_securing(Port& port);
  Task<void> secure(Port& port);
  Task<void> secure_alone(std::shared_ptr<Relay> self, Port& port);
  Task<void> secure_with_client();
  Task<void> secure_with_upstream(Port& port);
  Task<bool> agree_at_start();
  Task<std::string> agree_with_client();
  Task<Agreement> agree_with_upstream(Port& port);
  [[nodiscard]] std::vector<std::string> own_names() const;
  void refuse_plain(ByteView first);
  void tell_agreed(const Port& port, Timestamp began, const std::string& error);
  // relay_redirect.cpp
  void take_original_destination();
  [[nodiscard]] std::string_view loop_through(Port& port, const ConnectOutcome& made);
  void forget_own_end(Port& port);

  void received(Port& port, ByteView bytes);
  void deliver(Port& port, ByteView bytes);
  bool change_hands();
  void deliver_blocked();
  bool deliver_again(Port& port);
  void after_event();
  void count_kept();
  void broke(Port& port, const ErrorCode& error);
  void send(Port& port, std::span<const ByteView> pieces);
  void finish(Port& port);
  void close_when_flushed();
  void end_when_flushed();
  void shut();
  void leave();
  void wake() { wake_.cancel(); }
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] bool is_own_port(std::uint16_t port) const;
  void because(std::string_view reason);
  [[nodiscard]] bool backlog_against(const Port& port) const;
  Port& upstream(UpstreamNo number) { return *upstreams_[number - 1u]; }
  [[nodiscard]] const ForwardRule& rule() const { return redirected_ ? *redirected_ : *rule_.rule; }

  RelayWorker& home_;
  const RelayRule& rule_;
  /// The rule with the upstream that this client was going to; null where the rule has its own.
  std::unique_ptr<ForwardRule> redirected_;
  bool came_directly_ = false;  ///< a transparent rule's client that nobody redirected
  std::atomic<std::int64_t>& open_sessions_;
  const std::int64_t session_;
  Port client_;
  std::vector<std::unique_ptr<Port>> upstreams_;
  std::size_t kept_bytes_ = 0;  ///< of all ports, as the worker knows it
  SessionTape tape_;
  std::unique_ptr<Forwarder> forwarder_;
  std::unique_ptr<Forwarder> next_forwarder_;  ///< takes over once the running call returns
  std::string fallback_name_;                  ///< of the certificate that the client is served
  ClientTlsFacts client_tls_;                  ///< as agreed on last
  Timer wake_;                                 ///< never expires; cancelled when a pump may go on
  Phase phase_ = Phase::Running;
  bool stopping_ = false;
  bool left_ = false;  ///< no longer counted as open
  Wait wait_ = Wait::None;
  std::uint32_t wait_since_ = 0, active_at_ = 0, closing_since_ = 0;
  std::string_view end_reason_;
};

}  // namespace understudy
