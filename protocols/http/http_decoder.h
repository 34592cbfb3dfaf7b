// HTTP/1.0 and 1.1 on one connection (RFC 9112): which bytes are heads, which are bodies, which
// reply belongs to which request. One thread at a time.
//
//   client:  Head ─▶ Fixed / Chunked ─▶ Head …        (held back while a hand-over is open)
//   server:  Head ─▶ Fixed / Chunked / UntilClose ─▶ Head …
//   both:    … ─▶ Switched (101, CONNECT 2xx)    … ─▶ Failed (Malformed)
//
// Replies answer requests in order (§9.3.2). An interim reply (1xx) is a message that ends no
// exchange. A reply may end before its request does; the exchange then ends with the request. A
// reply that no request asked for (408 on an idle connection) is an exchange that the server opens.
//
// A malformed request stops the client's side alone, so that replies to earlier requests can still
// be followed; callers that need no more stop at the first Malformed.
#pragma once

#include "protocols/core/decoder.h"
#include "protocols/http/http_chunked.h"
#include "protocols/http/http_head.h"

#include <cstdint>
#include <vector>

namespace understudy {

class HttpDecoder final : public Decoder {
 public:
  /// `before`: exchanges that the session had before this stream began, 0 = it is new.
  explicit HttpDecoder(ExchangeNo before = 0)
      : first_(before + 1), last_(before), pending_(kFirstPending) {}

  [[nodiscard]] Step step(Side from, ByteView unread, bool fin) override;
  [[nodiscard]] std::size_t max_held() const override { return kMaxHeadBytes; }
  void answered(ExchangeNo exchange) override;

  /// What the last Head step of `from` showed.
  [[nodiscard]] const HttpHead& head(Side from) const { return flow(from).reader.head(); }
  /// Requests whose final reply has not ended.
  [[nodiscard]] std::size_t outstanding() const { return last_ + 1 - first_; }
  /// The exchange that the next reply byte belongs to; only with outstanding() > 0.
  [[nodiscard]] ExchangeNo answering() const { return first_; }
  /// An outstanding HEAD request: its reply has no body.
  [[nodiscard]] bool asks_head_alone(ExchangeNo exchange) const {
    return exchange >= first_ && exchange <= last_ &&
           pending_[exchange & (pending_.size() - 1)] == Asked::Head;
  }
  /// Client bytes are held back until the reply to a CONNECT or Upgrade request is known.
  [[nodiscard]] bool awaits_handover() const { return awaits_handover_; }
  [[nodiscard]] bool switched() const { return switched_; }
  /// A head of `from` has begun and is not whole yet.
  [[nodiscard]] bool mid_head(Side from) const {
    return flow(from).phase == Phase::Head && flow(from).reader.begun();
  }
  [[nodiscard]] bool mid_body(Side from) const { return in_body(flow(from).phase); }
  /// Gives up a request head that will never be whole (the client left, or is too slow): its
  /// exchange, the last one of this connection.
  ExchangeNo abandon_head();

 private:
  enum class Phase : std::uint8_t { Head, Fixed, Chunked, UntilClose, Closed, Switched, Failed };

  struct Flow {
    explicit Flow(Side from) : reader(from) {}
    HeadReader reader;
    ChunkedReader chunked;
    Phase phase = Phase::Head;
    ExchangeNo exchange = 0;      ///< of the message being read
    std::uint64_t remaining = 0;  ///< of a Fixed body
  };

  /// What the framing of a reply must know of its request.
  enum class Asked : std::uint8_t { Plain, Head, Connect, Upgrade };

  /// Room for pipelined requests before the ring grows, and at most (a client that sends more than
  /// this without reading a reply is not pipelining).
  static constexpr std::size_t kFirstPending = 16;
  static constexpr std::size_t kMaxPending = std::size_t{1} << 20;

  static bool in_body(Phase phase) {
    return phase == Phase::Fixed || phase == Phase::Chunked || phase == Phase::UntilClose;
  }
  Flow& flow(Side side) { return side == Side::Client ? client_ : server_; }
  [[nodiscard]] const Flow& flow(Side side) const {
    return side == Side::Client ? client_ : server_;
  }

  Step read_head(Side from, ByteView unread);
  Step request_head(const HttpHead& head);
  Step reply_head(const HttpHead& head);
  Step final_reply(const HttpHead& head, Asked asked);
  Step read_fixed(Side from, ByteView unread);
  Step read_chunked(Side from, ByteView unread);
  Step read_until_close(ByteView unread, bool fin);
  void finish_message(Side from, Step& step);
  void hand_over();
  Step malformed(Side from, std::uint16_t status, const char* why);
  Step body_step(const Flow& flow, std::size_t size) const;

  [[nodiscard]] Asked& pending(ExchangeNo exchange) {
    return pending_[exchange & (pending_.size() - 1)];
  }
  [[nodiscard]] bool push_pending(Asked asked);

  Flow client_{Side::Client};
  Flow server_{Side::Server};
  bool awaits_handover_ = false;
  bool switched_ = false;
  ExchangeNo first_;            ///< first exchange without its final reply
  ExchangeNo last_;             ///< latest exchange
  std::vector<Asked> pending_;  ///< ring by exchange number, a power of two
};

}  // namespace understudy
