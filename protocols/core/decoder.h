// The sans-io codec interface: bytes of both sides in, steps out. One decoder per connection, used
// by one thread at a time.
//
// A decoder owns no bytes. It is shown the unread bytes of one side and says what the front of
// them is; the caller removes what a step took and shows the rest again, with more behind it when
// the step was NeedMore. So nothing is copied when a read holds whole messages, and a test may
// split a stream anywhere. A decoder remembers how far it searched: byte-at-a-time input stays
// linear.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace understudy {

/// Number of an exchange within its session, from 1 in the order in which exchanges begin.
using ExchangeNo = std::uint32_t;

/// What the front of the unread bytes of one side is.
struct Step {
  enum class Kind : std::uint8_t {
    NeedMore,   ///< size is 0: show these bytes again with more behind them (at FIN: the end)
    Head,       ///< the first `size` bytes are the head of a new message of `exchange`
    Body,       ///< the first `size` bytes go on with the message of `exchange`
    Switched,   ///< size is 0: from here on, on both sides, the bytes speak `detail` ("raw")
    Malformed,  ///< size is 0: `detail` says why; decoding of both sides stops for good
  };
  Kind kind = Kind::NeedMore;
  /// The message ends with these bytes.
  bool message_ends = false;
  /// Its exchange ends with these bytes: no message of it follows (for a send-only request that is
  /// the request's own end).
  bool exchange_ends = false;
  /// Malformed only: HTTP status that says it best, 0 where there is none.
  std::uint16_t status = 0;
  ExchangeNo exchange = 0;
  std::size_t size = 0;
  std::string detail;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Takes one step at the front of `unread`, the bytes that `from` sent and no step took yet.
  /// `fin`: that side ends after them. Never throws, whatever the bytes. A caller must hold back
  /// at most max_held() bytes: a decoder that would need more says Malformed.
  [[nodiscard]] virtual Step step(Side from, ByteView unread, bool fin) = 0;

  /// Replay: `exchange` was answered by other means, its reply will never be shown to this decoder.
  /// A decoder that remembers which replies are due forgets this one, or it would grow with every
  /// request of a connection that is kept alive.
  virtual void answered(ExchangeNo /*exchange*/) {}

  /// Bound on the bytes that a NeedMore can leave unread.
  [[nodiscard]] virtual std::size_t max_held() const = 0;
};

}  // namespace understudy
