#include "ui/cli/line_json.h"

#include "ui/cli/plain_text.h"
#include "ui/cli/rule_text.h"
#include "ui/cli/tls_view.h"
#include "ui/web/utc_text.h"

#include <nlohmann/json.hpp>

namespace understudy {

namespace {

using nlohmann::ordered_json;

}  // namespace

ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

ordered_json line_json(const ExchangeLine& exchange) {
  return {{"id", exchange.id},
          {"number", exchange.number},
          {"recording", exchange.recording},
          {"session", exchange.session_number},
          {"started_at", utc_text(exchange.started_at)},
          {"duration_ms", static_cast<double>(exchange.duration.count()) / 1000},
          {"protocol", exchange.protocol},
          {"rule", exchange.rule},
          {"method", exchange.method},
          {"resource", exchange.resource},
          {"status", exchange.status == 0 ? ordered_json() : ordered_json(exchange.status)},
          {"origin", exchange.origin == Origin::Upstream ? "upstream" : "understudy"},
          {"ending", ending_text(exchange.ending)},
          {"open", exchange.open},
          {"request_bytes", exchange.request_size},
          {"response_bytes", exchange.reply_size},
          {"note", or_null(exchange.note)}};
}

std::string exchange_line_json(const ExchangeLine& exchange) {
  return json_text(line_json(exchange));
}

ordered_json recording_json(const Recording& recording) {
  ordered_json rules = ordered_json::array();
  for (const RecordedRule& rule : recording.rules) {
    const bool names_upstream = rule.rule.upstream != Endpoint{};
    rules.push_back(
        {{"name", rule.rule.name},
         {"scheme", rule.rule.client_scheme},
         {"listen", to_string(rule.rule.listen)},
         {"upstream", names_upstream ? ordered_json(upstream_url(rule.rule)) : ordered_json()}});
  }
  return {{"name", recording.name},
          {"started_at", utc_text(recording.started_at)},
          {"ended_at", or_null(utc_text(recording.ended_at))},
          {"sessions", recording.sessions},
          {"exchanges", recording.exchanges},
          {"command", or_null(recording.command)},
          {"rules", std::move(rules)}};
}

ordered_json session_json(const RecordedSession& session) {
  ordered_json tls = ordered_json::array();
  for (const RecordedTls& handshake : session.tls)
    tls.push_back(tls_json(handshake));
  return {{"number", session.number},
          {"client", session.client_address},
          {"opened_at", utc_text(session.opened_at)},
          {"closed_at", or_null(utc_text(session.closed_at))},
          {"end", or_null(session.end_reason)},
          {"note", or_null(session.note)},
          {"tls", std::move(tls)}};
}

std::string json_text(const ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace understudy
