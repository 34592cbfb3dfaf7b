// JSON of exchanges and sessions, shared by --json of `list`, `search` and `show`. Pure.
#pragma once

#include "store/recording_source.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace understudy {

/// {"id","number","recording","session","started_at","duration_ms","protocol","rule","method",
/// "resource","status","origin","ending","open","request_bytes","response_bytes","note"}.
[[nodiscard]] nlohmann::ordered_json line_json(const ExchangeLine& exchange);
[[nodiscard]] std::string exchange_line_json(const ExchangeLine& exchange);
[[nodiscard]] nlohmann::ordered_json recording_json(const Recording& recording);
/// "tls" are tls_json() of RecordedSession::tls.
[[nodiscard]] nlohmann::ordered_json session_json(const RecordedSession& session);

/// An empty text is null.
[[nodiscard]] nlohmann::ordered_json or_null(const std::string& text);

/// One line, without its end. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& value);

}  // namespace understudy
