#include "ui/web/info_json.h"

#include "ui/web/program_version.h"
#include "ui/web/utc_text.h"

#include <unistd.h>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

}  // namespace

std::string info_json(const ServiceInfo& info) {
  nlohmann::ordered_json rules = nlohmann::ordered_json::array();
  for (const ServedRule& rule : info.rules) {
    rules.push_back({{"name", rule.listening.name},
                     {"scheme", rule.listening.scheme},
                     {"address", rule.listening.address},
                     {"upstream", text_or_null(rule.upstream)}});
  }
  nlohmann::ordered_json counters = nlohmann::ordered_json::object();
  for (const Counter& counter : info.counters)
    counters[counter.first] = counter.second;
  const nlohmann::ordered_json body{{"name", "understudy"},
                                    {"version", program_version()},
                                    {"command", info.command},
                                    {"pid", ::getpid()},
                                    {"started_at", utc_text(info.started_at)},
                                    {"store", info.store},
                                    {"recording", text_or_null(info.recording)},
                                    {"problem", text_or_null(info.problem)},
                                    {"ca", text_or_null(info.authority.path)},
                                    {"rules", std::move(rules)},
                                    {"counters", std::move(counters)}};
  // A rule's name or a path may hold bytes that are not UTF-8: shown as U+FFFD, never an exception.
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace understudy
