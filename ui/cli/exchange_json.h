// One exchange with its messages as JSON, for `show --json`.
#pragma once

#include "protocols/core/recorded.h"
#include "store/recording_source.h"

#include <nlohmann/json_fwd.hpp>

namespace understudy {

/// What line_json() has, and "opener", "upstream_tls" (tls_json() of `tls`, null where it is null),
/// "chunks":[{"from","bytes","after_ms"}], "request" and "response": {"bytes","truncated",
/// "headers":[[name,value]…]|null,"body"|"body_base64","body_decoded",
/// "edits":[{"offset","old_bytes","new"}]}. Pure.
[[nodiscard]] nlohmann::ordered_json exchange_json(const ExchangeLine& line,
                                                   const RecordedExchange& exchange,
                                                   const RecordedTls* tls);

}  // namespace understudy
