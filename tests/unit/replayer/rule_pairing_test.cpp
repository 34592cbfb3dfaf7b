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

TEST(RulePairing, ProxiesAreTakenInOrder) {
  Recording run = recording();
  ForwardRule proxy = rule("proxy", "http-proxy", "http-proxy", "", 0);
  proxy.proxy.emplace();
  ForwardRule by_host = proxy;
  by_host.name = "by-host-8080";
  by_host.proxy->by_host = true;
  run.rules.push_back({5, 4, by_host});
  run.rules.push_back({6, 5, proxy});
  run.rules.push_back({7, 6, proxy});
  by_host.name = "by-host-9090";
  const auto pairs = pair_rules(run, {proxy, proxy, by_host});
  ASSERT_TRUE(pairs) << pairs.error().what;
  EXPECT_EQ((*pairs)[0].recorded->id, 6);
  EXPECT_EQ((*pairs)[1].recorded->id, 7);
  EXPECT_EQ((*pairs)[2].recorded->id, 5);
  const auto none = pair_rules(recording(), {proxy});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("rule proxy (forward proxy); recording run has: http-api-80"),
            std::string::npos)
      << none.error().what;
}

TEST(RulePairing, TransparentRulesGoByTheirScheme) {
  Recording run = recording();
  ForwardRule transparent = rule("http-transparent-2", "http", "http", "", 0);
  transparent.transparent = true;
  run.rules.push_back({5, 4, transparent});
  transparent.name = "http-transparent";
  const auto pairs = pair_rules(run, {transparent});
  ASSERT_TRUE(pairs) << pairs.error().what;
  EXPECT_EQ(pairs->front().recorded->id, 5);
  EXPECT_FALSE(pair_rules(recording(), {transparent}));
}

}  // namespace
}  // namespace understudy
