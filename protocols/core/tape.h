// What a forwarder tells the recording. Implemented by the recorder's SessionTape, and by a list
// of calls in tests. One tape per session, used by the session's worker thread only.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/decoder.h"

#include <cstdint>
#include <string>

namespace understudy {

/// Number of an upstream connection within its session, from 1; 0 is ourselves.
using UpstreamNo = std::uint16_t;

/// One change between what was received and what was passed on, in offsets of the message as it
/// was received: `old_size` bytes at `offset` went out as `replacement`.
struct Edit {
  std::uint64_t offset = 0;
  std::uint64_t old_size = 0;
  Bytes replacement;
  friend bool operator==(const Edit&, const Edit&) = default;
};

/// What lists and searches show of an exchange, in the words of its protocol. Views point into
/// bytes of the caller; the tape copies what it keeps.
struct Facts {
  ByteView method;           ///< "GET", "PUBLISH", a transaction's kind; empty = not known
  ByteView resource;         ///< target under the rule's upstream, or under `place`
  std::uint16_t status = 0;  ///< 0 = none
  ByteView place{};          ///< Route::place, with the resource; empty = the rule's own
};

/// How an exchange ended.
enum class Ending : std::uint8_t {
  Complete = 1,  ///< every message of it ended as its framing says
  CutByClient = 2,
  CutByUpstream = 3,
  CutByUs = 4,  ///< a limit, a stop, or our own error reply
};

class Tape {
 public:
  virtual ~Tape() = default;

  /// An exchange begins with a message of `opener`. Numbers rise by one from 1.
  virtual void begin(ExchangeNo exchange, Side opener, UpstreamNo upstream) = 0;
  /// The head of a message, whole, as received (or, for protocols without heads in their bytes,
  /// such as HTTP/2, the codec's canonical form). Stamped with the time of the current read.
  virtual void head(ExchangeNo exchange, Side from, ByteView bytes) = 0;
  /// More bytes of the message that `from` is sending.
  virtual void body(ExchangeNo exchange, Side from, ByteView bytes) = 0;
  /// Bytes that were passed on and are counted, not kept (a tunnel that nobody looks into).
  virtual void passed(Side from, std::uint64_t size) {
    static_cast<void>(from);
    static_cast<void>(size);
  }
  /// The message of `from` ended. Redaction of bodies waits for it.
  virtual void message_end(ExchangeNo exchange, Side from) = 0;
  /// What lists show; called when a head is known, later calls replace fields that they fill.
  virtual void facts(ExchangeNo exchange, const Facts& facts) = 0;
  /// A change made on the way, in the message that `from` sent.
  virtual void edit(ExchangeNo exchange, Side from, Edit edit) = 0;
  /// The reply bytes of this exchange are ours: our 400, 502 or 504.
  virtual void answered_by_us(ExchangeNo exchange) = 0;
  /// The exchange is over. `note` says what went wrong in one sentence; empty = nothing.
  virtual void end(ExchangeNo exchange, Ending ending, ByteView note) = 0;
  /// Exchanges that begin from here on are of this protocol ("raw" after an HTTP Upgrade or where
  /// decoding gave up), static text. Until it is called: the rule's own protocol.
  virtual void speaks(ByteView protocol) { static_cast<void>(protocol); }
  /// A remark on the session as a whole: a decode error and its offset.
  virtual void session_note(ByteView note) = 0;
};

}  // namespace understudy
