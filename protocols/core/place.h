// Where a request leads when its rule does not say: scheme and authority as one text, equal for
// equal places. Pure, safe on any thread.
#pragma once

#include "protocols/core/rule.h"

#include <string>
#include <string_view>

namespace understudy {

/// "https://api.example.com", "http://[::1]:8080", "tcp://db:5432": the host in lower case and
/// without a final dot, the port left out where it is the scheme's own (http 80, https 443).
[[nodiscard]] std::string place_of(std::string_view scheme, const Endpoint& endpoint);

}  // namespace understudy
