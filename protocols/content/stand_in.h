// Stand-ins for secrets: what reaches the disk instead. Safe on any thread as far as the hash is.
//
// A stand-in has the secret's length, and each character the class of the one it replaces: a digit
// for a digit, a lower-case letter for a lower-case letter, upper for upper; continuation bytes of
// UTF-8 for such; everything else stays, so that what is around a secret can still be read. The
// same secret under the same key always gets the same stand-in, so equal requests stay equal.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <functional>

namespace understudy {

/// A keyed hash of at least 32 bytes (HMAC-SHA256 under the store's key). Handed in, because no
/// cryptography lives here; called from several threads.
using StandIn = std::function<Bytes(ByteView)>;

/// Replaces `size` bytes in place. The result differs from the secret where that has a letter or a
/// digit at all.
void replace_secret(const StandIn& hash, char* begin, std::size_t size);

/// The same inside a JSON string (between its quotes): escapes stay valid escapes.
void replace_secret_in_json_string(const StandIn& hash, char* begin, std::size_t size);

/// The same for a JSON number, which stays a valid one; its exponent stays.
void replace_secret_in_json_number(const StandIn& hash, char* begin, std::size_t size);

}  // namespace understudy
