// The words of a search. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Words divided by white space; "double quotes" keep white space in a word. Empty: nothing to
/// search for.
[[nodiscard]] std::vector<std::string> search_terms(std::string_view query);

}  // namespace understudy
