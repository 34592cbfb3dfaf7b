#include "ui/cli/rule_check.h"

#include <gtest/gtest.h>
#include <vector>

namespace understudy {
namespace {

ForwardRule rule(const char* name, Endpoint listen, Endpoint upstream) {
  ForwardRule made;
  made.name = name;
  made.protocol = "http";
  made.client_scheme = made.upstream_scheme = "http";
  made.listen = std::move(listen);
  made.upstream = std::move(upstream);
  made.written_at = std::string("rules.xml:") + name;
  return made;
}

std::string refusal(const std::vector<ForwardRule>& rules) {
  const Result<void> checked = check_rules(rules);
  if (checked) return "";
  EXPECT_EQ(checked.error().source, ErrorSource::Config);
  return describe(checked.error());
}

TEST(CheckRules, NoRuleSaysWhatToWrite) {
  EXPECT_NE(refusal({}).find("--forward http://localhost:8080="), std::string::npos);
}

TEST(CheckRules, TwoRulesAtOnePortAreNamed) {
  const std::string text = refusal({rule("1", {"localhost", 8080}, {"a.example.com", 80}),
                                    rule("2", {"127.0.0.1", 8080}, {"b.example.com", 80})});
  EXPECT_TRUE(text.starts_with("rules.xml:2: ")) << text;
  EXPECT_NE(text.find("rules.xml:1"), std::string::npos) << text;
}

TEST(CheckRules, DifferentAdaptersAndFreePortsAreFine) {
  EXPECT_EQ(refusal({rule("1", {"127.0.0.1", 8080}, {"a.example.com", 80}),
                     rule("2", {"::1", 8080}, {"a.example.com", 80}),
                     rule("3", {"localhost", 0}, {"a.example.com", 80}),
                     rule("4", {"localhost", 0}, {"a.example.com", 80})}),
            "");
}

TEST(CheckRules, ADestinationThatIsOurselvesIsALoop) {
  const std::string text = refusal({rule("1", {"localhost", 8080}, {"localhost", 8081}),
                                    rule("2", {"", 8081}, {"a.example.com", 80})});
  EXPECT_TRUE(text.starts_with("rules.xml:1: ")) << text;
  EXPECT_NE(text.find("loop"), std::string::npos) << text;
}

TEST(CheckRules, AProxyIsNoLoopAndMayBeOne) {
  ForwardRule proxy = rule("1", {"localhost", 3128}, {});
  proxy.proxy.emplace();
  EXPECT_EQ(refusal({proxy}), "");
  EXPECT_NE(refusal({proxy, rule("2", {"localhost", 80}, {"127.0.0.1", 3128})}).find("loop"),
            std::string::npos);
  EXPECT_NE(refusal({proxy, rule("2", {"", 3128}, {"h", 80})}).find("rules.xml:1"),
            std::string::npos);
}

TEST(Risks, UpstreamsThatAreNotVerifiedAreNamed) {
  std::vector<ForwardRule> rules{rule("1", {"localhost", 80}, {"h", 443}),
                                 rule("2", {"localhost", 81}, {"h", 80}),
                                 rule("3", {"localhost", 82}, {"h", 443})};
  rules[0].upstream_tls = rules[2].upstream_tls = true;
  rules[0].tls.verify = rules[1].tls.verify = false;
  const std::vector<std::string> found = risks(rules);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with("rules.xml:1: the rule 1 does not verify")) << found[0];
}

TEST(ListensOverlap, AllAdaptersTakeEveryAddress) {
  EXPECT_TRUE(listens_overlap({"", 80}, {"192.0.2.1", 80}));
  EXPECT_TRUE(listens_overlap({"::1", 80}, {"localhost", 80}));
  EXPECT_FALSE(listens_overlap({"192.0.2.1", 80}, {"192.0.2.2", 80}));
  EXPECT_FALSE(listens_overlap({"", 0}, {"", 0}));
  EXPECT_FALSE(listens_overlap({"", 80}, {"", 81}));
}

}  // namespace
}  // namespace understudy
