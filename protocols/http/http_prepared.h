// A recorded reply made ready to be served: its head rendered once, without hop-by-hop fields, its
// framing right for the body that follows. Immutable as seen from outside, safe on all threads.
//
// One recording serves different clients, so a reply has up to three forms, the rarer ones made
// when a client first needs them: as recorded; without chunks, for HTTP/1.0; and with its content
// coding undone, for a client that did not offer it.
#pragma once

#include "protocols/core/recorded.h"
#include "protocols/core/replay.h"
#include "protocols/http/http_reply_render.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// How a reply leaves, in bytes that lie one behind the other and outlive this.
struct ReplyForm {
  ByteView bytes;        ///< as RenderedReply has them
  std::size_t head = 0;  ///< the rest as there
  std::size_t date_at = ByteView::npos;
  std::span<const std::size_t> origins;

  [[nodiscard]] ByteView body() const { return bytes.substr(head + ByteView("\r\n").size()); }
};

/// A form that is made by whoever needs it first. Two threads may make it at once; one wins, and
/// none ever waits for the other.
class LazyForm {
 public:
  LazyForm() = default;
  LazyForm(const LazyForm&) = delete;
  LazyForm& operator=(const LazyForm&) = delete;
  ~LazyForm() { delete form_.load(); }

  /// Nothing in it: the coding could not be undone.
  template <class Make>
  const std::optional<RenderedReply>& get(Make&& make) const {
    if (const auto* made = form_.load(std::memory_order_acquire)) return *made;
    auto fresh = std::make_unique<const std::optional<RenderedReply>>(make());
    const std::optional<RenderedReply>* first = nullptr;
    if (!form_.compare_exchange_strong(first, fresh.get(), std::memory_order_acq_rel))
      return *first;
    return *fresh.release();
  }

 private:
  mutable std::atomic<const std::optional<RenderedReply>*> form_{nullptr};
};

/// What the commonest answer needs stands in a few words, and the bytes of the recorded form behind
/// them in the same allocation: with many replies each costs a cache miss, none a second one.
class HttpPreparedReply final : public PreparedReply {
 public:
  /// Null: cannot be served, `why` says so. See ExchangeReplay::prepare.
  [[nodiscard]] static std::unique_ptr<const HttpPreparedReply> make(
      const RecordedExchange& exchange, const ForwardRule& rule, std::string& why);

  [[nodiscard]] std::uint64_t missing_bytes() const override { return missing_; }

  /// Interim replies to send first, "" = none.
  [[nodiscard]] ByteView interims() const { return rare_ ? ByteView(rare_->interims) : ByteView(); }
  /// The status line says HTTP/1.0 and nothing keeps the connection open.
  [[nodiscard]] bool closes() const { return closes_; }
  /// The upstream broke off: what there is goes out, then the connection breaks.
  [[nodiscard]] bool cut() const { return cut_; }
  /// Broken off within the head: `bytes` of the form are all there is.
  [[nodiscard]] bool headless() const { return headless_; }
  [[nodiscard]] bool chunked() const { return chunked_; }
  /// The answer hangs on more of the request than its version and whether it persists.
  [[nodiscard]] bool needs_fields() const {
    return rare_ && (!rare_->origins.empty() || rare_->coded);
  }

  /// The form for a client: `http_1_0`, and the value of its Accept-Encoding.
  [[nodiscard]] ReplyForm form(bool http_1_0, ByteView accept_encoding) const;

  void operator delete(void* memory) { ::operator delete(memory); }

 private:
  /// What other forms than the recorded one are made of.
  struct Source {
    Source(const HttpMessage& message, ByteView body, const ForwardRule& rule);
    const Bytes head;  ///< as recorded
    const ReplyRenderer renderer;
    LazyForm unchunked, decoded;
  };
  /// What few replies have.
  struct Rare {
    Bytes interims;
    std::vector<std::size_t> origins;
    bool coded = false;  ///< the form hangs on the codings that the client offers
    std::unique_ptr<const Source> source;
  };
  /// How many bytes there are behind the object.
  struct Room {
    std::size_t size = 0;
  };
  static void* operator new(std::size_t size, Room room) {
    return ::operator new(size + room.size);
  }
  static void operator delete(void* memory, Room) { ::operator delete(memory); }

  /// The object with a copy of both behind it.
  [[nodiscard]] static std::unique_ptr<HttpPreparedReply> allocate(ByteView head, ByteView body);
  explicit HttpPreparedReply(std::size_t size) : size_(size) {}
  [[nodiscard]] ByteView bytes() const { return {reinterpret_cast<const char*>(this + 1), size_}; }
  [[nodiscard]] ReplyForm recorded_form() const;

  const std::size_t size_;  ///< of what is behind the object
  std::uint64_t missing_ = 0;
  std::uint32_t head_ = 0;     ///< as in ReplyForm
  std::uint32_t date_at_ = 0;  ///< as in ReplyForm, but 0 = nowhere
  bool cut_ = false, headless_ = false, closes_ = false, chunked_ = false;
  std::unique_ptr<const Rare> rare_;  ///< null = nothing of it
};

/// A client's Accept-Encoding offers every coding that `content_encoding` lists (RFC 9110 §12.5.3);
/// one that is not named, or has q=0, is not offered.
[[nodiscard]] bool offers_codings(ByteView accept_encoding, ByteView content_encoding);

}  // namespace understudy
