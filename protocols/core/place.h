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

/// What lists show of a request to `place`: its path and query made absolute, `place` itself for
/// "*"; the authority of a CONNECT as it stands, and everything where `place` is empty.
[[nodiscard]] std::string placed_resource(std::string_view place, std::string_view resource);

}  // namespace understudy
