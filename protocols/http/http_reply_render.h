// A recorded reply as bytes for a live client: without hop-by-hop fields, its framing right for the
// body that follows, links and cookies mapped back. Immutable, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/http/http_message.h"
#include "protocols/http/http_rewrite.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace understudy {

/// A reply but for its Connection field, and where the live parts go in.
struct RenderedReply {
  Bytes bytes;                        ///< status line and fields, the empty line, the body
  std::size_t head = 0;               ///< size of status line and fields
  std::size_t date_at = Bytes::npos;  ///< where 29 bytes of Date stand; npos = nowhere
  std::vector<std::size_t> origins;   ///< offsets where the client's origin goes in, rising
};

class ReplyRenderer {
 public:
  enum class Framing : std::uint8_t { AsRecorded, Length };

  /// `message`, whose bytes outlive this, as recorded by `rule`, which need not.
  ReplyRenderer(const HttpMessage& message, const ForwardRule& rule);

  /// The head and the empty line. `length`: of the body, for Framing::Length; `keep_coding`: its
  /// content coding is not undone.
  [[nodiscard]] RenderedReply head(Framing framing, std::uint64_t length, bool keep_coding) const;
  [[nodiscard]] const HttpMessage& message() const { return message_; }

 private:
  void render_field(RenderedReply& out, ByteView name, HeadRange line,
                    const std::vector<HeadChange>& changes) const;
  [[nodiscard]] bool drops(ByteView name, Framing framing, bool keep_coding) const;

  HttpMessage message_;
  std::optional<ReplyMapping> mapping_;  ///< nothing: clients know the upstream by its own name
  std::vector<ByteView> named_by_connection_;
};

}  // namespace understudy
