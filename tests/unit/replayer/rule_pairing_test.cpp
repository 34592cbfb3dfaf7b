#include "replayer/rule_pairing.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

ForwardRule rule(std::string name, std::string client, std::string upstream, std::string host,
                 std::uint16_t port) {
  ForwardRule made;
  made.name = std::move(name);
  made.protocol = client == "tcp" ? "raw" : "http";
  made.client_scheme = std::move(client);
  made.upstream_scheme = std::move(upstream);
  made.upstream = {std::move(host), port};
  made.written_at = "--forward";
  return made;
}

Recording recording() {
  Recording made;
  made.name = "run";
  made.rules.push_back({1, 0, rule("http-api-80", "http", "http", "api", 80)});
  made.rules.push_back({2, 1, rule("http-api-80-2", "http", "http", "api", 80)});
  made.rules.push_back({3, 2, rule("orders", "http", "https", "orders", 443)});
  made.rules.push_back({4, 3, rule("tcp-db-5432", "tcp", "tcp", "db", 5432)});
  return made;
}

std::string pairs(std::vector<ForwardRule> served) {
  const Recording run = recording();
  const auto result = pair_rules(run, std::move(served));
  if (!result) return result.error().what;
  std::string ids;
  for (const RulePair& pair : *result)
    ids += std::to_string(pair.recorded->id);
  return ids;
}

TEST(RulePairing, WithoutRulesTheRecordedOnesAreServed) {
  EXPECT_EQ(pairs({}), "1234");
}

TEST(RulePairing, ANameOfItsOwnDecides) {
  EXPECT_EQ(pairs({rule("orders", "http", "http", "elsewhere", 1)}), "3");
}

TEST(RulePairing, UnnamedRulesGoByTheirEndsInOrder) {
  EXPECT_EQ(pairs({rule("tcp-db-5432", "tcp", "tcp", "db", 5432),
                   rule("http-api-80", "http", "http", "api", 80),
                   rule("http-api-80-2", "http", "http", "api", 80)}),
            "412");
  // The name was made in another order, or from a rule that was named: ends decide.
  EXPECT_EQ(pairs({rule("http-api-80-2", "http", "http", "api", 80)}), "1");
  EXPECT_EQ(pairs({rule("https-orders-443", "http", "https", "orders", 443)}), "3");
}

TEST(RulePairing, ANamedRuleIsNotTakenByAnUnnamedOneBeforeIt) {
  const std::string result = pairs({rule("https-orders-443", "http", "https", "orders", 443),
                                    rule("orders", "http", "https", "orders", 443)});
  EXPECT_NE(result.find("nothing was recorded for rule https-orders-443"), std::string::npos);
}

TEST(RulePairing, WithoutCounterpartTheRecordedRulesAreListed) {
  const std::string result = pairs({rule("payments", "http", "http", "pay", 80)});
  EXPECT_NE(result.find("payments"), std::string::npos) << result;
  for (const char* name : {"http-api-80", "orders (http to https://orders:443)", "tcp-db-5432"}) {
    EXPECT_NE(result.find(name), std::string::npos) << result;
  }
  // Each recorded rule is taken once.
  EXPECT_NE(pairs({rule("tcp-db-5432", "tcp", "tcp", "db", 5432),
                   rule("tcp-db-5432-2", "tcp", "tcp", "db", 5432)})
                .find("nothing was recorded"),
            std::string::npos);
}

TEST(RulePairing, AnotherProtocolIsAnError) {
  EXPECT_NE(pairs({rule("orders", "tcp", "tcp", "orders", 443)}).find("cannot be served as tcp"),
            std::string::npos);
}

}  // namespace
}  // namespace understudy
