// The body of GET /api/v1/info. Pure.
#pragma once

#include "ui/web/service_info.h"

#include <string>

namespace understudy {

/// {"name":"understudy","version","command","pid","started_at","store","recording","problem","ca",
/// "rules":[{"name","scheme","address","upstream"}],"counters":{…}}. `recording`, `problem`, `ca`
/// (the path of its certificate) and `upstream` are null where there is none.
[[nodiscard]] std::string info_json(const ServiceInfo& info);

}  // namespace understudy
