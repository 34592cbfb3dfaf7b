// What the first bytes of a connection tell of its transport. Pure.
#pragma once

#include "protocols/core/bytes.h"

namespace understudy {

/// A TLS handshake record: content type 22, major version 3 (RFC 8446 §5.1). One byte is enough to
/// say so: no protocol that we know begins with it.
[[nodiscard]] inline bool begins_tls(ByteView first) {
  return first.starts_with('\x16') && (first.size() < 2 || first[1] == '\x03');
}

}  // namespace understudy
