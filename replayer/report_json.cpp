// --report FILE.json: the format of the contract, version 1.
#include "replayer/report.h"
#include "replayer/report_rows.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace understudy {

namespace {

using Json = nlohmann::ordered_json;

std::string iso_8601(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(whole), (time - seconds).count());
}

Json request_json(const ReportedRequest& request) {
  Json row = Json::object();
  row["n"] = request.number;
  row["time"] = iso_8601(request.time);
  row["service"] = request.service;
  row["protocol"] = request.protocol;
  row["label"] = request.label;
  row["outcome"] = to_string(request.outcome);
  row["exchange"] = request.exchange == 0 ? Json() : Json(request.exchange);
  row["nearest"] = near_stubs_json(request.nearest);
  return row;
}

Json totals_json(const ReplayTotals& totals) {
  Json row = Json::object();
  row["exact"] = totals.exact;
  row["relaxed"] = totals.relaxed;
  row["exhausted"] = totals.exhausted;
  row["missed"] = totals.missed;
  row["control"] = totals.control;
  row["unused"] = totals.unused;
  row["outgoing"] = totals.outgoing;
  return row;
}

}  // namespace

Json near_stubs_json(const std::vector<NearStub>& nearest) {
  Json rows = Json::array();
  for (const NearStub& near : nearest) {
    Json differences = Json::array();
    for (const Difference& difference : near.differences) {
      Json row = Json::object();
      row["field"] = difference.field;
      row["expected"] = difference.expected;
      row["got"] = difference.got;
      differences.push_back(std::move(row));
    }
    Json row = Json::object();
    row["stub"] = near.exchange;
    row["label"] = near.label;
    row["distance"] = std::round(near.distance * 1000) / 1000;
    row["differences"] = std::move(differences);
    rows.push_back(std::move(row));
  }
  return rows;
}

Bytes report_json(const ReplayReport& report) {
  Json requests = Json::array();
  for (const ReportedRequest& request : report.requests)
    requests.push_back(request_json(request));
  Json root = Json::object();
  root["version"] = 1;
  root["recording"] = report.recording;
  root["totals"] = totals_json(report.totals);
  root["requests"] = std::move(requests);
  root["unused"] = report.unused;
  root["truncated"] = report.truncated;
  return root.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace understudy
