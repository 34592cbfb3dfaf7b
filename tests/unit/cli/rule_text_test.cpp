#include "ui/cli/rule_text.h"
#include "ui/cli/rule_input.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

std::vector<ForwardRule> rules_of(std::initializer_list<std::string> forwards) {
  const std::vector<std::string> list(forwards);
  Result<RuleInput> input = read_rules("", list);
  if (!input) {
    ADD_FAILURE() << describe(input.error());
    return {};
  }
  return std::move(input->rules);
}

TEST(ReadRules, NamesRulesAndKeepsTheirOrder) {
  const auto rules = rules_of({"http://localhost:0=http://a.example.com",
                               "tcp://localhost:0=tcp://b.example.com:7000",
                               "http://localhost:0=http://a.example.com"});
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].name, "http-a.example.com-80");
  EXPECT_EQ(rules[1].name, "tcp-b.example.com-7000");
  EXPECT_EQ(rules[2].name, "http-a.example.com-80-2");
}

TEST(ReadRules, ABadForwardIsAUsageError) {
  const std::vector<std::string> forwards{"http://localhost:8080"};
  const Result<RuleInput> input = read_rules("", forwards);
  ASSERT_FALSE(input);
  EXPECT_EQ(input.error().source, ErrorSource::Config);
}

TEST(ReadRules, AMissingFileIsAUsageErrorThatNamesIt) {
  const Result<RuleInput> input = read_rules("/nowhere/registration.xml", {});
  ASSERT_FALSE(input);
  EXPECT_EQ(input.error().source, ErrorSource::Config);
  EXPECT_NE(describe(input.error()).find("/nowhere/registration.xml"), std::string::npos);
}

TEST(UpstreamUrl, HasSchemePortAndPrefix) {
  EXPECT_EQ(upstream_url(rules_of({"http://localhost:0=http://a.example.com/base"}).at(0)),
            "http://a.example.com:80/base");
}

TEST(RuleSentences, SayWhereItListensAndWhereItGoes) {
  const auto rules = rules_of({"http://localhost:8080=http://a.example.com/base"});
  std::string text;
  for (const std::string& sentence : rule_sentences(rules.at(0)))
    text += sentence + "\n";
  EXPECT_NE(text.find("port 8080 of this machine only"), std::string::npos) << text;
  EXPECT_NE(text.find("goes on to http://a.example.com:80/base"), std::string::npos) << text;
  EXPECT_NE(text.find("/base is put before the path"), std::string::npos) << text;
}

TEST(RuleSentences, RedactionIsSaid) {
  ForwardRule rule;
  rule.redact.headers = {"Authorization", "Cookie"};
  rule.redact.patterns = {"\\d{16}"};
  EXPECT_NE(rule_sentences(rule).back().find("headers Authorization, Cookie; patterns \\d{16}"),
            std::string::npos);
}

TEST(ListeningLines, ColumnsAreAligned) {
  const std::vector<ListeningRule> rules{{"orders", "http", "127.0.0.1:8080", false},
                                         {"db", "tcp", "127.0.0.1:700", false}};
  const std::vector<std::string> upstreams{"http://a:80", "tcp://b.example.com:7000"};
  EXPECT_EQ(listening_lines(rules, upstreams),
            (std::vector<std::string>{"http  127.0.0.1:8080 → http://a:80               (orders)",
                                      "tcp   127.0.0.1:700  → tcp://b.example.com:7000  (db)"}));
  EXPECT_EQ(listening_lines(rules, {})[1], "tcp   127.0.0.1:700   (db)");
}

}  // namespace
}  // namespace understudy
