// The handshake over a Stream that was plain until now, or within the TLS that it has.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/transport/stream.h"
#include "protocols/transport/tls_layer.h"

#include <chrono>
#include <string>

namespace understudy {

/// What a handshake came to.
struct HandshakeOutcome {
  std::string why;         ///< it failed, in words; empty = done
  bool timed_out = false;  ///< it failed: the peer owed something for too long
  /// It failed: the peer's alert says that it does not take our certificate. (Some say so with the
  /// first bytes after the handshake, or just go.)
  bool refused_our_certificate = false;
  /// It failed: what the peer sent first is no TLS. The stream is as it was before the call, and
  /// can still be written to.
  bool not_tls = false;
  Bytes strays;  ///< not_tls: what it sent instead, as far as it was read

  HandshakeOutcome() = default;
};

/// Runs the handshake of `ssl`, which says which side it is. `already_read` is what the peer sent
/// and the caller read before it knew that this is TLS. Afterwards the stream reads and writes
/// through TLS; where it failed, it is of no use any more, unless `not_tls`. `stream` outlives the
/// call; closing it meanwhile ends it.
[[nodiscard]] Task<HandshakeOutcome> tls_handshake(Stream& stream, SslHandle ssl,
                                                   std::chrono::milliseconds timeout,
                                                   Bytes already_read = {});

}  // namespace understudy
