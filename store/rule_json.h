// A forward rule as JSON text: how a store keeps the whole of it. Unknown members are ignored when
// read, absent ones keep their defaults, so that older and newer programs read one another's.
// No state.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <string>
#include <string_view>

namespace understudy {

/// One line, without the credentials of a proxy. Octets that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string rule_to_json(const ForwardRule& rule);

/// Errors: Store (not JSON, or a member of the wrong type).
[[nodiscard]] Result<ForwardRule> rule_from_json(std::string_view text);

}  // namespace understudy
