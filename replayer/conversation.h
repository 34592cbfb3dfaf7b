// One client connection of a virtual service, sans-io: bytes and times in, sends and deadlines out.
//
//   on_open ─▶ on_bytes ┬▶ on_sent    (what was asked for has left, and `more` was set)
//                       ├▶ on_time    (the deadline `wake` has come)
//                       ├▶ on_secured (TLS that was asked for is there)
//                       └▶ on_eof     (the client sends no more)
//
// Every call fills an Outbox that is empty on entry. One thread at a time (the connection's
// worker); no sockets, no clock: the current time is handed in.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/time.h"
#include "replayer/pacing.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// Now, on both clocks: the one deadlines are kept by and the one people read.
struct Moment {
  Instant steady{};
  Timestamp wall{};
};

/// Reply bytes that lie in the store only.
struct StoredBytes {
  std::int64_t exchange = 0;  ///< row id
  std::uint64_t offset = 0, size = 0;
};

class Conversation;

/// A change of what the connection is.
struct Handover {
  Handover();
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// Goes on in place of the conversation that asks for it. Null: TLS begins, and the conversation
  /// goes on inside of it with on_secured(). Where TLS cannot be agreed on, the connection closes.
  std::unique_ptr<Conversation> next;
  /// TLS: what the client may have connected to, besides our address: a certificate for all of them
  /// is served to one that names no host.
  std::vector<std::string> names;
  /// Bytes of the client that were read and not used: the first bytes of what follows.
  Bytes unread;
};

/// What the socket side is to do, in the order of the members.
struct Outbox {
  enum class End : std::uint8_t {
    None,   ///< the connection goes on
    Close,  ///< close, once everything is out
    Reset,  ///< break off, once everything is out
  };

  /// To send, in order. They stay valid until the next call of the conversation.
  std::vector<ByteView> pieces;
  /// To send after the pieces; size 0 = nothing.
  StoredBytes stored;
  End end = End::None;
  /// Nothing else of this conversation is done after it. Null = none.
  std::unique_ptr<Handover> handover;
  /// There is more to do with what was received: call on_sent() once all this is out.
  bool more = false;
  /// Call on_time() then, unless another call comes first and sets another. Nothing = no deadline.
  std::optional<Instant> wake;

  void clear() {
    pieces.clear();
    stored = {};
    end = End::None;
    handover.reset();
    more = false;
    wake.reset();
  }
  [[nodiscard]] bool sends() const { return !pieces.empty() || stored.size != 0; }
};

/// Which silence of the client the socket side has to bound.
enum class Silence : std::uint8_t {
  Unlimited,  ///< a stream protocol waits as its standard says
  Idle,       ///< between requests, or within a body: counts from the last byte
  Head,       ///< a request head was begun and the rest is owed: counts from its first byte
};

class Conversation {
 public:
  virtual ~Conversation() = default;

  virtual void on_open(Moment now, Outbox& out) = 0;
  /// Takes all of `bytes`.
  virtual void on_bytes(ByteView bytes, Moment now, Outbox& out) = 0;
  virtual void on_eof(Moment now, Outbox& out) = 0;
  virtual void on_time(Moment now, Outbox& out) = 0;
  virtual void on_sent(Moment now, Outbox& out) = 0;
  /// Only after a Handover that asked for TLS.
  virtual void on_secured(Moment now, Outbox& out) {
    static_cast<void>(now);
    static_cast<void>(out);
  }

  /// False: do not read from the client for now; what waits is bounded by the socket's buffer.
  [[nodiscard]] virtual bool wants_bytes() const = 0;
  [[nodiscard]] virtual Silence silence() const = 0;
  /// Nothing is half received or half sent: the connection may be closed without loss.
  [[nodiscard]] virtual bool idle() const = 0;
};

}  // namespace understudy
