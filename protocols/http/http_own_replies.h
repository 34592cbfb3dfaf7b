// Replies that we make ourselves: refusals, gateway errors, misses. Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"

#include <cstdint>

namespace understudy {

struct OwnReply {
  Bytes head;
  Bytes body;
};

/// "Bad Gateway"; "Error" for a status that has no name here.
[[nodiscard]] ByteView reason_phrase(std::uint16_t status);

/// A text/plain reply that ends the connection. A HEAD request gets the head alone.
[[nodiscard]] OwnReply own_reply(std::uint16_t status, Bytes text);

/// The certificate of our authority, in PEM, as browsers install it; 404 where `pem` is empty.
[[nodiscard]] OwnReply certificate_reply(ByteView pem);

}  // namespace understudy
