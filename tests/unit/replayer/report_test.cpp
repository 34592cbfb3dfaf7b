#include "replayer/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace understudy {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

ReportedRequest answered(std::uint64_t number, Outcome outcome, std::string label,
                         std::uint64_t key) {
  ReportedRequest request;
  request.number = number;
  request.time = Timestamp{1'700'000'000'000'001us};
  request.service = "api";
  request.protocol = "http";
  request.label = std::move(label);
  request.outcome = outcome;
  request.exchange = outcome == Outcome::Missed ? 0 : 7;
  request.key = key;
  return request;
}

ReplayReport sample() {
  ReplayReport report;
  report.recording = "run <1>";
  report.requests.push_back(answered(1, Outcome::Exact, "GET /a", 11));
  report.requests.push_back(answered(2, Outcome::Exhausted, "GET /a", 11));
  report.requests.push_back(answered(3, Outcome::Missed, "GET /b?x=\"1\"&y", 12));
  NearStub near;
  near.exchange = 7;
  near.label = "GET /a";
  near.distance = 0.12345;
  near.differences.push_back({"path", "/a", "/b"});
  report.requests.back().nearest.push_back(near);
  report.totals = {.exact = 1, .exhausted = 1, .missed = 1, .unused = 2};
  report.unused = {4, 9};
  report.unused_labels = {"GET /c", "POST /d"};
  return report;
}

TEST(Report, JsonHasTheShapeOfTheContract) {
  const Json json = Json::parse(report_json(sample()));
  std::string names;
  for (const auto& [name, value] : json.items())
    names += name + " ";
  EXPECT_EQ(names, "version recording totals requests unused truncated ");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(
      json["totals"].dump(),
      R"({"exact":1,"relaxed":0,"exhausted":1,"missed":1,"control":0,"unused":2,"outgoing":0})");
  EXPECT_EQ(json["unused"].dump(), "[4,9]");
  EXPECT_EQ(json["truncated"], false);
  EXPECT_EQ(json["requests"][0]["n"], 1);
  EXPECT_EQ(json["requests"][0]["time"], "2023-11-14T22:13:20.000001Z");
  EXPECT_EQ(json["requests"][0]["exchange"], 7);
  EXPECT_TRUE(json["requests"][2]["exchange"].is_null());
  EXPECT_EQ(json["requests"][2]["outcome"], "missed");
  EXPECT_EQ(
      json["requests"][2]["nearest"].dump(),
      R"([{"stub":7,"label":"GET /a","distance":0.123,"differences":[{"field":"path","expected":"/a","got":"/b"}]}])");
}

TEST(Report, JsonHoldsAnyBytes) {
  ReplayReport report = sample();
  report.requests[0].label = "GET /\xff\x01";
  EXPECT_FALSE(Json::parse(report_json(report), nullptr, false).is_discarded());
}

TEST(Report, JunitHasOneCaseForEachServiceAndKey) {
  const std::string xml = report_junit(sample(), {});
  EXPECT_NE(xml.find("<testsuite name=\"run &lt;1&gt;\" tests=\"4\" failures=\"1\" errors=\"0\" "
                     "skipped=\"2\">"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<testcase classname=\"api\" name=\"GET /a\" time=\"0\"/>"),
            std::string::npos);
  EXPECT_NE(xml.find("name=\"GET /b?x=&quot;1&quot;&amp;y\""), std::string::npos);
  EXPECT_NE(xml.find("path: expected &quot;/a&quot;, got &quot;/b&quot;"), std::string::npos);
  EXPECT_NE(xml.find("name=\"exchange 4 GET /c\""), std::string::npos);
}

TEST(Report, JunitFailsOnWhatFailOnNames) {
  const std::string xml = report_junit(sample(), {true, true, true, true});
  EXPECT_NE(xml.find("tests=\"4\" failures=\"4\" errors=\"0\" skipped=\"0\""), std::string::npos)
      << xml;
}

TEST(Report, JunitTellsKeysThatReadAlikeApart) {
  ReplayReport report;
  report.requests.push_back(answered(1, Outcome::Exact, "POST /a", 1));
  report.requests.push_back(answered(2, Outcome::Exact, "POST /a", 2));
  const std::string xml = report_junit(report, {});
  EXPECT_NE(xml.find("name=\"POST /a\""), std::string::npos);
  EXPECT_NE(xml.find("name=\"POST /a (2)\""), std::string::npos);
}

TEST(Report, JunitIsXmlWhateverTheBytes) {
  ReplayReport report;
  report.requests.push_back(answered(1, Outcome::Exact, "GET /\x01\xff\xc3\xa9\xed\xa0\x80", 1));
  const std::string xml = report_junit(report, {});
  EXPECT_NE(xml.find("name=\"GET /??\xc3\xa9???\""), std::string::npos) << xml;
}

TEST(FailOn, ParsesListsAndNamesTheWordItDoesNotKnow) {
  FailOn fail_on;
  std::string bad;
  EXPECT_TRUE(parse_fail_on("unused,relaxed", fail_on, bad));
  EXPECT_FALSE(fail_on.miss);
  EXPECT_TRUE(fail_on.unused && fail_on.relaxed && !fail_on.exhausted);
  EXPECT_TRUE(parse_fail_on("all", fail_on, bad));
  EXPECT_TRUE(fail_on.miss && fail_on.unused && fail_on.relaxed && fail_on.exhausted);
  EXPECT_FALSE(parse_fail_on("miss,missed", fail_on, bad));
  EXPECT_EQ(bad, "missed");
  EXPECT_FALSE(parse_fail_on("", fail_on, bad));
  EXPECT_TRUE(fail_on.unused);  // a list that cannot be read changes nothing
}

TEST(FailOn, VerdictGivesAReasonForEachThatHappened) {
  EXPECT_EQ(verdict(sample(), {}).size(), 1u);
  EXPECT_EQ(verdict(sample(), {true, true, true, true}).size(), 3u);
  EXPECT_TRUE(verdict(ReplayReport{}, {true, true, true, true}).empty());
}

}  // namespace
}  // namespace understudy
