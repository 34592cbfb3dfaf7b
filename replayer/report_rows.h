// The part of reports and miss replies that both write: near stubs as JSON. Pure.
#pragma once

#include "replayer/report.h"

#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace understudy {

/// [{"stub":N,"label":…,"distance":…,"differences":[{"field","expected","got"}]}]
[[nodiscard]] nlohmann::ordered_json near_stubs_json(const std::vector<NearStub>& nearest);

}  // namespace understudy
