// Raw TCP, plain or inside TLS: any bytes, relayed and recorded as turns (core/raw_decoder.h).
// Stateless, safe on any thread.
#pragma once

#include "protocols/core/protocol.h"

namespace understudy {

/// The one object of this protocol.
[[nodiscard]] const Protocol& raw_protocol();

}  // namespace understudy
