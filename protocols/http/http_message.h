// A whole HTTP/1 message taken apart: what views, redaction and replay work on. Views point into
// the bytes that were parsed. Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/http/http_head.h"

#include <optional>
#include <vector>

namespace understudy {

struct HttpMessage {
  HttpHead info;
  ByteView interims;  ///< replies: 1xx heads before the final one, as sent; else empty
  ByteView head;
  ByteView body;  ///< all behind the head, transfer coding as sent
};

/// Takes `bytes` apart. Nothing: there is no whole head at their front.
[[nodiscard]] std::optional<HttpMessage> parse_message(Side from, ByteView bytes);

/// The data of a chunked body, in order, as it lies in `body`. False: it is cut or malformed;
/// `runs` has what could be read.
[[nodiscard]] bool chunk_runs(Side from, ByteView body, std::vector<ByteRange>& runs);

/// The content: transfer and content codings removed. Nothing: cut, corrupt, larger than
/// kMaxDecodedBytes, or in a coding that is not known.
[[nodiscard]] std::optional<Bytes> content_of(Side from, const HttpMessage& message);

/// The transfer coding alone removed. Nothing as above.
[[nodiscard]] std::optional<Bytes> untransferred(Side from, const HttpMessage& message);

/// A transfer or content coding stands between the body's bytes and its content.
[[nodiscard]] inline bool is_coded(const HttpMessage& message) {
  return message.info.has_transfer_encoding || message.info.encoding_count > 0;
}

/// All values of Content-Encoding joined, "" = none.
[[nodiscard]] Bytes content_encoding(const HttpMessage& message);

}  // namespace understudy
