// One recorded message as text: its head line by line with the edits beside them, its body decoded.
// Pure.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/protocol.h"
#include "protocols/core/tape.h"

#include <cstdint>
#include <span>
#include <string>

namespace understudy {

/// What is shown of a message.
struct ShownMessage {
  Side from = Side::Client;
  ByteView bytes;               ///< from its beginning
  std::uint64_t full_size = 0;  ///< more than bytes.size(): only the beginning is here
  std::span<const Edit> edits;  ///< in order of offset
};

/// Lines that end with a line feed, each indented by two spaces. `protocol` may be null.
[[nodiscard]] std::string message_text(const ShownMessage& message, const Protocol* protocol);

/// Any bytes: as they are where they are text, else the first lines of a hex dump and the size.
[[nodiscard]] std::string content_text(ByteView bytes, std::uint64_t full_size);

/// `line` at `offset` of its message, as it went out.
[[nodiscard]] std::string sent_as(ByteView line, std::uint64_t offset, std::span<const Edit> edits);

}  // namespace understudy
