// What the store asks of the codecs, which it does not know. Safe on any thread.
#pragma once

#include "store/details.h"

namespace understudy {

[[nodiscard]] DetailOf codec_details();
[[nodiscard]] FactsOf codec_facts();

}  // namespace understudy
