#include "ui/web/program_version.h"

namespace understudy {

std::string_view program_version() {
  return UNDERSTUDY_VERSION;
}

}  // namespace understudy
