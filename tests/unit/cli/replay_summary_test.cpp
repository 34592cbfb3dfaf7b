#include "ui/cli/replay_summary.h"
#include "ui/cli/record_summary.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace understudy {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

TEST(ReplaySummary, NamesTotalsAndTheNearest) {
  ReplayReport report;
  report.recording = "nightly";
  report.totals.exact = 3;
  report.totals.missed = 1;
  ReportedRequest miss;
  miss.number = 4;
  miss.service = "orders";
  miss.label = "GET /orders/9";
  miss.nearest.push_back(
      {1, "GET /orders/1", 0.2, {{"path", "/orders/1", "/orders/9"}, {"query.page", "", "2"}}});
  report.requests.push_back(miss);
  const std::string text = joined(replay_summary(report));
  EXPECT_NE(text.find("replayed nightly: 3 exact, 0 relaxed, 0 exhausted, 1 missed, 0 unused"),
            std::string::npos);
  EXPECT_NE(text.find("\n0 outgoing connections\n"), std::string::npos);
  EXPECT_NE(text.find("missed #4: GET /orders/9 (rule orders)"), std::string::npos);
  EXPECT_NE(text.find("nearest: exchange 1, GET /orders/1"), std::string::npos);
  EXPECT_NE(text.find("path: recorded /orders/1, got /orders/9"), std::string::npos);
  EXPECT_NE(text.find("query.page: recorded nothing, got 2"), std::string::npos);
}

TEST(ReplaySummary, ManyMissesEndWithAPointer) {
  ReplayReport report;
  for (std::size_t i = 0; i < kMaxPrintedMisses + 5; ++i)
    report.requests.emplace_back();
  const std::string text = joined(replay_summary(report));
  EXPECT_NE(text.find("more misses follow"), std::string::npos);
}

RecordSummary summary() {
  RecordSummary made;
  made.store = "my run.db";
  made.written.name = "nightly";
  made.written.sessions = 1;
  made.written.exchanges = 12;
  made.written.bytes = 14'200;
  return made;
}

TEST(RecordSummary, NamesWhatWasRecordedAndWhatIsNext) {
  const std::string text = joined(summary_lines(summary()));
  EXPECT_NE(text.find("recorded nightly: 12 exchanges in 1 session, 14.2 kB, in my run.db"),
            std::string::npos);
  EXPECT_NE(text.find("understudy replay 'my run.db'"), std::string::npos) << text;
  EXPECT_TRUE(loss_lines(summary()).empty());
}

TEST(RecordSummary, LossesAreLoud) {
  RecordSummary lossy = summary();
  lossy.problem = "my run.db: the disk is full";
  lossy.written.lost_exchanges = 3;
  lossy.written.lost_rows = 4;
  lossy.written.lost_bytes = 5'000;
  lossy.counters.refused = 1;
  const std::string text = joined(loss_lines(lossy));
  EXPECT_NE(text.find("the disk is full"), std::string::npos);
  EXPECT_NE(text.find("NOT STORED: 3 exchanges and 1 piece of others, 5.0 kB"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("--overload"), std::string::npos) << "the store broke, it was not slow";
  EXPECT_NE(text.find("1 connection refused"), std::string::npos);
}

TEST(RecordSummary, WhatWasDroppedSaysWhy) {
  RecordSummary dropped = summary();
  dropped.written.lost_bytes = 700;  // of exchanges that are there in part
  const std::string text = joined(loss_lines(dropped));
  EXPECT_NE(text.find("NOT STORED: 0 exchanges and 0 pieces of others, 700 B; the store could not"),
            std::string::npos)
      << text;
}

TEST(RecordSummary, JsonHasTheCounts) {
  RecordSummary lossy = summary();
  lossy.written.lost_exchanges = 3;
  const auto json = nlohmann::json::parse(summary_json(lossy));
  EXPECT_EQ(json["exchanges"], 12);
  EXPECT_EQ(json["lost_exchanges"], 3);
  EXPECT_EQ(json["recording"], "nightly");
  EXPECT_TRUE(json["problem"].is_null());
}

}  // namespace
}  // namespace understudy
