// HTTP messages taken apart for people and for matching by field. Pure, safe on any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/protocol.h"

#include <optional>
#include <vector>

namespace understudy {

/// As Protocol::facts, ::fields and ::detail.
[[nodiscard]] OwnedFacts http_facts(ByteView request, ByteView reply);
[[nodiscard]] std::vector<Field> http_fields(Side from, ByteView message);
[[nodiscard]] std::optional<MessageDetail> http_detail(Side from, ByteView message);

}  // namespace understudy
