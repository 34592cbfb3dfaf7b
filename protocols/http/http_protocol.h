// HTTP/1.0 and HTTP/1.1, plain or inside TLS. Stateless, safe on any thread.
#pragma once

#include "protocols/core/protocol.h"

namespace understudy {

/// The one object of this protocol.
[[nodiscard]] const Protocol& http_protocol();

}  // namespace understudy
