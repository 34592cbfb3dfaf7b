// Recorded sessions in a line, and the service that replays them: what playbooks of stream
// conversations begin with.
#pragma once

#include "protocols/registry.h"
#include "replayer/stream_conversation.h"
#include "tests/unit/replayer/conversation_driver.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy::test {

using namespace std::chrono_literals;
using Turn = std::pair<Bytes, Bytes>;  ///< what the client says, what the server says

/// One recorded session; the server answers each turn after `gap`.
inline StreamScript session(std::int64_t number, const std::vector<Turn>& turns,
                            std::string end_reason = "client closed", Duration gap = 0us) {
  RecordedSession recorded;
  recorded.number = number;
  recorded.end_reason = std::move(end_reason);
  Timestamp now{1h};
  recorded.opened_at = now;
  std::vector<RecordedExchange> exchanges;
  for (const auto& [said, heard] : turns) {
    RecordedExchange exchange;
    exchange.exchange_no = static_cast<ExchangeNo>(exchanges.size() + 1);
    exchange.number = number * 10 + exchange.exchange_no;
    exchange.id = exchange.number + 1000;
    exchange.opener = said.empty() ? Side::Server : Side::Client;
    exchange.started_at = now;
    exchange.request = said;
    exchange.reply = heard;
    exchange.request_size = said.size();
    exchange.reply_size = heard.size();
    if (!said.empty()) exchange.chunks.push_back({Side::Client, said.size(), 0us});
    if (!heard.empty()) exchange.chunks.push_back({Side::Server, heard.size(), gap});
    now += gap;
    exchanges.push_back(std::move(exchange));
  }
  recorded.closed_at = now + gap;
  return make_script(recorded, std::move(exchanges));
}

inline std::unique_ptr<StreamRepertoire> service(std::vector<StreamScript> scripts,
                                                 AfterLast after_last = AfterLast::Stick,
                                                 double factor = 0,
                                                 const std::string& redact = "") {
  StreamRepertoire::Service made;
  made.identity = {0, "lines", "raw"};
  made.after_last = after_last;
  made.timing_factor = factor;
  ForwardRule rule;
  if (!redact.empty()) rule.redact.patterns.push_back(redact);
  made.redaction = std::move(*RequestRedaction::make(*find_protocol("raw"), rule, "key"));
  return std::make_unique<StreamRepertoire>(std::move(made), std::move(scripts));
}

template <class... Scripts>
std::vector<StreamScript> list(Scripts... scripts) {
  std::vector<StreamScript> made;
  (made.push_back(std::move(scripts)), ...);
  return made;
}

inline std::vector<std::string> outcomes(const Stage& stage) {
  std::vector<std::string> made;
  for (const ReportedRequest& request : stage.report().requests) {
    made.push_back(std::to_string(request.exchange) + " " +
                   std::string(to_string(request.outcome)));
  }
  return made;
}

inline std::vector<std::int64_t> unused(const StreamRepertoire& repertoire) {
  std::vector<std::int64_t> numbers;
  for (const UnusedExchange& exchange : repertoire.unused())
    numbers.push_back(exchange.number);
  return numbers;
}

}  // namespace understudy::test
