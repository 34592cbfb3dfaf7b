// HMAC-SHA256, for stand-ins of redacted secrets. OpenSSL is named only in this folder.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <functional>

namespace understudy {

/// 32 bytes. Same key and text, same result. Safe from any thread.
[[nodiscard]] Bytes keyed_hash(ByteView key, ByteView text);

/// keyed_hash() with its key bound: what makes stand-ins of one store.
[[nodiscard]] std::function<Bytes(ByteView)> keyed_hash_with(Bytes key);

/// `count` bytes from the system's secure random source.
[[nodiscard]] Bytes random_bytes(std::size_t count);

}  // namespace understudy
