// The whole contract of a protocol: one stateless object, listed once in protocols/registry.cpp.
//
// What the spike taught. Five cases were tried on these interfaces before the house was built, and
// tests/unit/recorder/hard_cases_test.cpp holds what of them the tape and the store must carry:
//
// 1. Pipelined HTTP/1 with a rewritten Host. A head must not leave before it is understood, since
//    route and edits hang on it; a body must leave at once. So decoders report Head and Body steps
//    instead of finished messages, and the forwarder sends a head as pieces: bytes before the edit,
//    the new value, bytes after, in one system call. Stored are the bytes as received and the
//    edits.
// 2. An HTTP/2 stream. HPACK leaves no header bytes to point at, and streams interleave, so the
//    relay cannot be a byte pump there. The seam is therefore Forwarder (bytes in, Link calls out),
//    not a decoder beside two pumps: what a forwarder puts on the tape need not be what it read.
//    The store keeps per exchange what the tape was given: for HTTP/2 its canonical head.
// 3. An MQTT push caused by another connection's publish. No request opens it, so an exchange has
// an
//    `opener`; the cause lies in another session and no per-connection codec can know it, so it is
//    not recorded but derived when a recording is loaded: all sessions share one clock (µs), and
//    each chunk carries its time.
// 4. An IMS send-only. A request without a reply is a complete exchange, so its end is the codec's
//    word (Step::exchange_ends), never "when the reply came".
// 5. A body of 2 GiB. No step waits for a message's end, decoders hold at most max_held() bytes,
//    and the tape spills: memory stays at a read buffer and one unspilled beat per session.
//
// Measured beside haproxy 2.6 (1 KiB, 64 keep-alive connections, CPU per request, one core): byte
// pumps that wait for readability and then read into one buffer per thread 0.84 ×, with an edit
// sent by sendmsg 0.83 ×, with recording of every exchange as a row 1.09 ×; the row costs 4.5 µs,
// relaying 15 µs, finding heads and lengths under 0.5 µs. Waiting before reading costs what a
// speculative read costs (one system call) and needs no buffer per connection.
#pragma once

#include "protocols/core/decoder.h"
#include "protocols/core/forwarder.h"
#include "protocols/core/replay.h"
#include "protocols/core/rule.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

class Redactor;  // protocols/content/redactor.h

/// How sure a protocol is that a connection's first bytes are its own.
enum class Guess : std::uint8_t { No, NeedMore, Maybe, Sure };

/// A spelling of this protocol in rules and on the command line.
struct Scheme {
  std::string_view name;           ///< "http"
  bool tls = false;                ///< the same protocol inside TLS ("https")
  std::uint16_t default_port = 0;  ///< of a destination without one; 0 = it must have one
  bool has_paths = false;          ///< a rule's destination may have a path, put before targets
};

/// Facts that own their text, for what is read back from a store.
struct OwnedFacts {
  std::string method, resource;
  std::uint16_t status = 0;
};

/// A message taken apart for people: the `http` view, search, show.
struct MessageDetail {
  std::vector<std::pair<std::string, std::string>> headers;  ///< in order, as sent
  Bytes body;                ///< transfer and content codings removed
  bool body_decoded = true;  ///< false: a coding we cannot undo, body is as sent
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Rises when the codec reads the same bytes differently; `reindex` rebuilds older rows.
  [[nodiscard]] virtual int version() const = 0;
  [[nodiscard]] virtual std::span<const Scheme> schemes() const = 0;
  [[nodiscard]] virtual Guess guess(ByteView first) const = 0;
  /// What it is called in TLS (ALPN), best first; empty = it has no name there, and a client's
  /// first offer is taken.
  [[nodiscard]] virtual std::span<const std::string_view> alpn() const { return {}; }
  /// What a client gets that speaks it plain where TLS is expected; empty = the connection closes.
  [[nodiscard]] virtual ByteView plain_refusal() const { return {}; }

  /// A decoder for one connection.
  [[nodiscard]] virtual std::unique_ptr<Decoder> decoder() const = 0;
  /// The live side for one client connection. `rule` outlives it.
  [[nodiscard]] virtual std::unique_ptr<Forwarder> forwarder(const ForwardRule& rule) const = 0;

  /// What lists show of an exchange, rebuilt from its bytes.
  [[nodiscard]] virtual OwnedFacts facts(ByteView request, ByteView reply) const = 0;
  /// The parts of one message; reads at most its first `kMaxFieldBytes` of body.
  [[nodiscard]] virtual std::vector<Field> fields(Side from, ByteView message) const = 0;
  /// One message taken apart; nothing where the protocol has no headers and body.
  [[nodiscard]] virtual std::optional<MessageDetail> detail(Side from, ByteView message) const = 0;

  /// Replaces secrets in a whole message in place (`message` changes length only where a coded
  /// body had to be stored decoded). Returns a note for the exchange, empty = nothing special.
  virtual std::string redact(Side from, Bytes& message, const Redactor& redactor) const = 0;
  /// The same for a head alone, before its body is known. Never changes its length.
  virtual void redact_head(Side from, Bytes& head, const Redactor& redactor) const = 0;

  /// Replay by exchange; null = replay whole conversations.
  [[nodiscard]] virtual const ExchangeReplay* exchange_replay() const = 0;
};

/// What fields() reads of a body at most: enough for any message that people match by content.
inline constexpr std::size_t kMaxFieldBytes = std::size_t{8} * 1024 * 1024;

}  // namespace understudy
