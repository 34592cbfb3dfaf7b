// Multipart bodies (RFC 2046 §5.1, RFC 7578). Pure functions, safe on any thread.
//
//   body = [preamble CRLF] "--" boundary CRLF part *( CRLF "--" boundary CRLF part )
//          CRLF "--" boundary "--" [CRLF epilogue]
//   part = *( header CRLF ) CRLF content
#pragma once

#include "protocols/core/bytes.h"

#include <vector>

namespace understudy {

struct Part {
  Bytes name;          ///< of Content-Disposition; empty = none
  Bytes filename;      ///< empty = none
  Bytes content_type;  ///< as sent; empty = none
  ByteView content;    ///< in the body that was parsed
};

/// The parts in order. Empty: no boundary in `content_type`, or not a multipart body.
[[nodiscard]] std::vector<Part> multipart_parts(ByteView content_type, ByteView body);

/// Appends one spelling for bodies whose parts are equal by name, file name, type and content, in
/// order. False: not a multipart body, nothing was appended.
[[nodiscard]] bool append_canonical_multipart(ByteView content_type, ByteView body, Bytes& out);

}  // namespace understudy
