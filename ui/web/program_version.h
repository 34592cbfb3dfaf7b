// The version that the build was made of.
#pragma once

#include <string_view>

namespace understudy {

/// "0.1.0", from the project() line of CMakeLists.txt.
[[nodiscard]] std::string_view program_version();

}  // namespace understudy
