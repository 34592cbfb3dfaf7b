// The handshake over a Stream that was plain until now.
#pragma once

#include "protocols/transport/stream.h"
#include "protocols/transport/tls_layer.h"

#include <chrono>
#include <string>

namespace understudy {

/// Runs the handshake of `ssl`, which says which side it is. The stream reads and writes through
/// TLS from then on, or is of no use any more. Returns why it failed, in words; empty = done.
/// `stream` outlives the call; closing it meanwhile ends it.
[[nodiscard]] Task<std::string> tls_handshake(Stream& stream, SslHandle ssl,
                                              std::chrono::milliseconds timeout);

}  // namespace understudy
