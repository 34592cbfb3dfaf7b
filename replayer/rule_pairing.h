// Which recorded rule each served rule takes. Pure.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/recorded.h"
#include "protocols/core/rule.h"

#include <vector>

namespace understudy {

struct RulePair {
  ForwardRule served;            ///< listens as this says
  const RecordedRule* recorded;  ///< answers with what was recorded here; never null
};

/// Pairs in the order of `served`; empty = the recorded rules themselves. A rule with a name of its
/// own takes the recorded rule of that name; one whose name was made from its upstream takes the
/// next recorded rule of the same client scheme, upstream scheme and upstream, or the next forward
/// proxy. Each recorded rule is taken once. Error (Config): no counterpart, with a list of the
/// recorded rules; or one that speaks another protocol.
[[nodiscard]] Result<std::vector<RulePair>> pair_rules(const Recording& recording,
                                                       std::vector<ForwardRule> served);

}  // namespace understudy
