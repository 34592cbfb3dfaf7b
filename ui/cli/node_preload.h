// node_preload.js, built into the program.
#pragma once

#include <string_view>

namespace understudy {

extern const std::string_view kNodePreload;

}  // namespace understudy
