// A recorded reply made ready to be served: its head rendered once, without hop-by-hop fields, its
// framing right for the body that follows. Immutable as seen from outside, safe on all threads.
//
// One recording serves different clients, so a reply has up to three forms, the rarer ones made
// when a client first needs them: as recorded; without chunks, for HTTP/1.0; and with its content
// coding undone, for a client that did not offer it.
#pragma once

#include "protocols/core/recorded.h"
#include "protocols/core/replay.h"
#include "protocols/http/http_message.h"
#include "protocols/http/http_rewrite.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

/// A reply as bytes, all but the Connection field and the empty line after the head.
struct ReplyForm {
  Bytes head;                         ///< status line and fields
  std::vector<std::size_t> origins;   ///< offsets where the client's origin goes in
  std::size_t date_at = Bytes::npos;  ///< where 29 bytes of Date stand; npos = nowhere
  Bytes own_body;                     ///< of decoded forms
  ByteView body;                      ///< in own_body or in the recorded bytes
  bool failed = false;                ///< the coding could not be undone: nothing else is set
};

/// A form that is made by whoever needs it first. Two threads may make it at once; one wins, and
/// none ever waits for the other.
class LazyForm {
 public:
  LazyForm() = default;
  LazyForm(const LazyForm&) = delete;
  LazyForm& operator=(const LazyForm&) = delete;
  ~LazyForm() { delete form_.load(); }

  template <class Make>
  const ReplyForm& get(Make&& make) const {
    if (const ReplyForm* made = form_.load(std::memory_order_acquire)) return *made;
    std::unique_ptr<const ReplyForm> fresh = make();
    const ReplyForm* first = nullptr;
    if (!form_.compare_exchange_strong(first, fresh.get(), std::memory_order_acq_rel))
      return *first;
    return *fresh.release();
  }

 private:
  mutable std::atomic<const ReplyForm*> form_{nullptr};
};

class HttpPreparedReply final : public PreparedReply {
 public:
  /// Null: cannot be served, `why` says so. See ExchangeReplay::prepare.
  [[nodiscard]] static std::unique_ptr<const HttpPreparedReply> make(
      const RecordedExchange& exchange, const ForwardRule& rule, std::string& why);

  [[nodiscard]] std::uint64_t missing_bytes() const override { return missing_; }

  /// Interim replies to send first, "" = none.
  [[nodiscard]] ByteView interims() const { return interims_; }
  /// The status line says HTTP/1.0 and nothing keeps the connection open.
  [[nodiscard]] bool closes() const { return closes_; }
  /// The upstream broke off: what there is goes out, then the connection breaks.
  [[nodiscard]] bool cut() const { return cut_; }
  /// Broken off within the head: `recorded_form().body` is all there is.
  [[nodiscard]] bool headless() const { return headless_; }
  [[nodiscard]] bool chunked() const { return message_.info.chunked && !no_body_; }

  /// The form for a client: `http_1_0`, and the value of its Accept-Encoding.
  [[nodiscard]] const ReplyForm& form(bool http_1_0, ByteView accept_encoding) const;

 private:
  enum class Framing : std::uint8_t { AsRecorded, Length };

  HttpPreparedReply(const RecordedExchange& exchange, const ForwardRule& rule);
  [[nodiscard]] bool check_whole(std::string& why) const;
  void render(ReplyForm& form, Framing framing, std::uint64_t length, bool keep_coding) const;
  void render_field(ReplyForm& form, ByteView name, HeadRange line,
                    const std::vector<HeadChange>& changes) const;
  [[nodiscard]] bool drops(ByteView name, Framing framing, bool keep_coding) const;

  Bytes bytes_;  ///< the reply as recorded
  HttpMessage message_;
  ReplyMapping mapping_;
  Bytes interims_;
  std::vector<Bytes> named_by_connection_;
  std::uint64_t missing_ = 0;
  bool no_body_ = false;  ///< HEAD, 204, 304: the framing fields describe a body that is not sent
  bool cut_ = false, headless_ = false, closes_ = false;
  ReplyForm recorded_;

  LazyForm unchunked_, decoded_;
};

/// A client's Accept-Encoding offers every coding that `content_encoding` lists (RFC 9110 §12.5.3);
/// one that is not named, or has q=0, is not offered.
[[nodiscard]] bool offers_codings(ByteView accept_encoding, ByteView content_encoding);

}  // namespace understudy
