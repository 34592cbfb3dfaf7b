// The live side of an HTTP/1 reverse rule: requests go to the rule's upstream as they come, heads
// with the few changes that a proxy must make (http_rewrite.h), everything else byte for byte.
//
//   client  ──▶ decoder ──▶ [refuse: 400 405 408 431]        nothing of it is sent upstream
//                   └────▶ open upstream ──▶ head as pieces, body as it comes ──▶ upstream
//   client ◀── head back-mapped, body as it comes ◀── decoder ◀── upstream
//              [our own reply: 502 504]     101 ──▶ StreamPump, both ways
//
// Exchanges begin and end in order, so the open ones are those after ended_ up to begun_. One
// thread at a time, as forwarder.h says.
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/core/pass_through.h"
#include "protocols/http/http_decoder.h"
#include "protocols/http/http_rewrite.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

class HttpForwarder final : public Forwarder {
 public:
  /// `rule` outlives the forwarder.
  explicit HttpForwarder(const ForwardRule& rule);

  void start(Link& link) override;
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
  /// A reply of ours that waits until the replies before it are out.
  struct Refusal {
    ExchangeNo exchange = 0;
    std::uint16_t status = 0;
    std::string why;
  };

  // From the client.
  bool step_request(ByteView unread, bool fin, std::size_t& used, Link& link);
  void request_head(const Step& step, ByteView head, Link& link);
  void request_body(const Step& step, ByteView bytes, Link& link);
  void request_step_ends(const Step& step, Link& link);
  [[nodiscard]] bool must_wait() const;
  [[nodiscard]] bool head_may_go() const;
  void send_head(ByteView head);
  void refuse_malformed(const Step& step, ByteView unread, Link& link);
  void refuse(ExchangeNo exchange, std::uint16_t status, std::string why, Link& link);
  void answer_refusal_when_due(Link& link);
  void client_finished(ByteView rest, Link& link);

  // From the upstream.
  bool step_reply(ByteView unread, bool fin, std::size_t& used, Link& link);
  void reply_head(const Step& step, ByteView head, Link& link);
  void undecodable_reply(const Step& step, ByteView unread, Link& link);
  void upstream_finished(ByteView rest, Link& link);
  void unanswered(const std::string& why, bool reset, Link& link);

  // Both.
  void flush_upstream(Link& link);
  void flush_client(Link& link);
  void hand_over(Link& link);
  void tape_edits(ExchangeNo exchange, Side from, std::uint64_t base, Link& link) const;
  void answer(ExchangeNo exchange, std::uint16_t status, const std::string& why, Link& link);
  void end(ExchangeNo exchange, Link& link);
  void end_open(Ending ending, ByteView note, Link& link);
  void finish(Link& link);
  void update_wait(Link& link);
  [[nodiscard]] bool any_open() const { return begun_ > ended_; }
  [[nodiscard]] bool reply_begun() const { return reply_begun_ > ended_; }

  const ForwardRule& rule_;
  const RequestRewrite request_rewrite_;
  const ReplyMapping reply_mapping_;
  HttpDecoder decoder_;

  UpstreamNo upstream_ = 0;  ///< 0 = none asked for yet
  bool upstream_open_ = false;
  bool client_fin_ = false;  ///< seen and acted upon
  bool over_ = false;        ///< the session is ending: what still comes is dropped
  Wait wait_ = Wait::None;
  std::optional<Refusal> refusal_;
  std::optional<StreamPump> pump_;

  ExchangeNo begun_ = 0, ended_ = 0;
  ExchangeNo cut_head_ = 0;       ///< exchange of a request head that never became whole, 0 = none
  std::size_t waiting_head_ = 0;  ///< size of a head on the tape that is not sent yet

  std::string client_authority_;  ///< how the open requests address us
  std::string client_origin_;     ///< with the scheme before it; empty = not known
  std::string next_authority_;    ///< of the waiting head

  ExchangeNo reply_begun_ = 0;     ///< latest exchange whose final reply has begun
  ExchangeNo reply_exchange_ = 0;  ///< whose reply bytes are counted
  std::uint64_t reply_bytes_ = 0;
  bool any_reply_ = false;  ///< the upstream has answered something on this connection

  std::vector<HeadChange> changes_;  ///< of the head at hand
  std::vector<ByteView> pieces_;     ///< collected within one call
  std::string own_reply_;
};

}  // namespace understudy
