// The live side of HTTP/1: requests go where the routing says (http_routing.h), heads with the few
// changes that a proxy must make, everything else byte for byte.
//
//   client  ──▶ decoder ──▶ [refuse: 400 403 405 407 408 431]   nothing of it is sent upstream
//                   ├────▶ open upstream ──▶ head as pieces, body as it comes ──▶ upstream
//                   └────▶ CONNECT: open upstream ──▶ 200 ──▶ becomes a TunnelForwarder
//   client ◀── head back-mapped, body as it comes ◀── decoder ◀── upstream
//              [our own reply: 502 504 508]     101 ──▶ StreamPump, both ways
//
// Exchanges begin and end in order, so the open ones are those after ended_ up to begun_. There is
// one upstream at a time: a request that goes elsewhere (a forward proxy) waits until the replies
// before it are out, and the old upstream is let go. One thread at a time, as forwarder.h says.
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/core/pass_through.h"
#include "protocols/http/http_decoder.h"
#include "protocols/http/http_own_replies.h"
#include "protocols/http/http_routing.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

class HttpForwarder final : public Forwarder {
 public:
  /// What a session had before it came to speak HTTP (a tunnel, TLS on a proxy).
  struct Before {
    ExchangeNo exchanges = 0;
    /// Connected already, for the first request; 0 = none. Where that goes by TLS, it is still to
    /// be agreed on.
    UpstreamNo upstream = 0;
    /// How the client reaches us: "http" or "https"; empty = as the rule says.
    std::string client_scheme;

    Before() = default;
  };

  /// `rule` outlives the forwarder.
  HttpForwarder(const ForwardRule& rule, std::unique_ptr<HttpRouting> routing, Before before);
  explicit HttpForwarder(const ForwardRule& rule)
      : HttpForwarder(rule, reverse_routing(rule), Before()) {}

  void start(Link& link) override;
  void client_secured(const ClientTlsFacts& facts, Link& link) override;
  Taken client_bytes(ByteView unread, bool fin, Link& link) override;
  Taken upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin, Link& link) override;
  void upstream_opened(UpstreamNo upstream, Link& link) override;
  void upstream_failed(UpstreamNo upstream, const Error& error, NoUpstream why,
                       Link& link) override;
  void client_lost(const Error& error, Link& link) override;
  void upstream_lost(UpstreamNo upstream, const Error& error, Link& link) override;
  void timed_out(Wait wait, Link& link) override;
  void stop(Link& link) override;

 private:
  /// A reply of ours.
  struct OwnAnswer {
    ExchangeNo exchange = 0;
    std::uint16_t status = 0;
    std::string note;
    OwnReply reply;
  };
  /// A connection to an upstream.
  struct Upstream {
    UpstreamNo number = 0;  ///< 0 = none
    bool open = false;
    std::string place;  ///< Route::place
  };

  // From the client.
  bool step_request(ByteView unread, bool fin, std::size_t& used, Link& link);
  void request_head(const Step& step, ByteView head, Link& link);
  [[nodiscard]] bool follows(const HttpHead& info) const;
  void lead(const HttpVerdict& verdict, Link& link);
  void tape_request(const HttpHead& info, ByteView head, bool forwarded, Link& link);
  void answer_ourselves(const HttpVerdict& verdict, Link& link);
  void request_body(const Step& step, ByteView bytes, Link& link);
  void request_step_ends(const Step& step, Link& link);
  [[nodiscard]] bool must_wait() const;
  [[nodiscard]] bool head_may_go() const;
  void use_next(Link& link);
  void send_head(ByteView head, Link& link);
  void enter_tunnel_when_due(Link& link);
  void refuse_malformed(const Step& step, ByteView unread, Link& link);
  void answer_in_turn(OwnAnswer answer, Link& link);
  void refuse(ExchangeNo exchange, std::uint16_t status, std::string why, Link& link);
  void answer_refusal_when_due(Link& link);
  void client_finished(ByteView rest, Link& link);

  // From the upstream.
  bool step_reply(ByteView unread, bool fin, std::size_t& used, Link& link);
  void reply_head(const Step& step, ByteView head, Link& link);
  void undecodable_reply(const Step& step, ByteView unread, Link& link);
  void upstream_finished(ByteView rest, Link& link);
  void unanswered(const std::string& why, bool reset, Link& link);
  [[nodiscard]] bool let_idle_upstream_go(Link& link);
  Taken unused_upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin, Link& link);
  void unused_upstream_ended(UpstreamNo upstream, const std::string& why, Link& link);

  // Both.
  void flush_upstream(Link& link);
  void flush_client(Link& link);
  void hand_over(Link& link);
  void tape_edits(ExchangeNo exchange, Side from, std::uint64_t base, Link& link) const;
  void answer(ExchangeNo exchange, std::uint16_t status, const std::string& why, Link& link);
  void answer_with(OwnAnswer answer, Link& link);
  [[nodiscard]] OwnReply refusal_reply(std::uint16_t status, const std::string& why) const;
  void end(ExchangeNo exchange, Link& link);
  void end_open(Ending ending, ByteView note, Link& link);
  void finish(Link& link);
  void update_wait(Link& link);
  [[nodiscard]] bool any_open() const { return begun_ > ended_; }
  [[nodiscard]] bool reply_begun() const { return reply_begun_ > ended_; }

  const ForwardRule& rule_;
  const std::unique_ptr<HttpRouting> routing_;
  const std::string client_scheme_;
  HttpDecoder decoder_;

  Upstream upstream_;        ///< of the open exchanges and, while it is kept alive, the next
  Upstream next_;            ///< of the waiting head or CONNECT; number 0 = upstream_ will do
  UpstreamNo prepared_ = 0;  ///< Before::upstream, until a request uses it
  ExchangeNo tunnel_ = 0;    ///< a CONNECT that waits for next_; 0 = none
  Endpoint tunnel_target_;
  bool client_fin_ = false;  ///< seen and acted upon
  bool over_ = false;        ///< the session is ending: what still comes is dropped
  Wait wait_ = Wait::None;
  std::optional<OwnAnswer> refusal_;  ///< waits until the replies before it are out
  std::optional<StreamPump> pump_;

  ExchangeNo begun_, ended_;
  ExchangeNo cut_head_ = 0;       ///< exchange of a request head that never became whole, 0 = none
  std::size_t waiting_head_ = 0;  ///< size of a head on the tape that is not sent yet

  std::string client_authority_;  ///< how the open requests address us
  std::string client_origin_;     ///< with the scheme before it; empty = not known
  std::string next_authority_;    ///< of the waiting head

  ExchangeNo reply_begun_ = 0;     ///< latest exchange whose final reply has begun
  ExchangeNo reply_exchange_ = 0;  ///< whose reply bytes are counted
  std::uint64_t reply_bytes_ = 0;
  bool any_reply_ = false;      ///< the upstream has answered something on this connection
  bool reply_persists_ = true;  ///< another can follow the last final reply

  std::vector<HeadChange> changes_;  ///< of the head at hand
  std::vector<ByteView> pieces_;     ///< collected within one call
  std::string own_reply_;
};

}  // namespace understudy
