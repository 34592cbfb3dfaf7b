// The front of a forward proxy in replay: what a client says before it is known where its bytes
// lead. Sans-io, one for each connection, one thread at a time.
//
//   first bytes ─▶ [handshake (SOCKS) ─▶ tunnel]  or  requests, each ─▶ place, reply or tunnel
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace understudy {

/// What comes of something that a client of a proxy said.
struct ProxyStep {
  enum class Kind : std::uint8_t {
    NeedMore,  ///< handshake() only: show these bytes again with more behind them
    Reply,     ///< send `reply`; the proxy itself answers
    LookUp,    ///< the request leads to `place`
    Tunnel,    ///< send `reply`; what follows leads to `destination`
  };
  Kind kind = Kind::NeedMore;
  std::size_t size = 0;  ///< handshake() only: bytes that were taken, from the front
  Bytes reply;
  bool close = false;    ///< Reply only: it ends the connection
  std::string place;     ///< place.h
  Endpoint destination;  ///< never without a port
  std::string label;     ///< handshake() only: what reports call it; empty = it is not over
};

class ProxyFront {
 public:
  virtual ~ProxyFront() = default;

  /// The connection begins with a handshake of its own, not with a request. `first` is not empty.
  [[nodiscard]] virtual bool begins_handshake(ByteView first) const = 0;
  /// Takes one step at the front of `unread`, which is bounded: it never needs more than 64 KiB.
  [[nodiscard]] virtual ProxyStep handshake(ByteView unread) = 0;
  /// Judges a whole request of the proxy's protocol.
  [[nodiscard]] virtual ProxyStep judge(ByteView request) = 0;
};

/// What a front says of us.
struct ProxyHouse {
  bool is_public = false;  ///< others than this machine can connect
  ByteView authority_pem;  ///< our certificate, for clients that ask for it; empty = there is none
};

}  // namespace understudy
