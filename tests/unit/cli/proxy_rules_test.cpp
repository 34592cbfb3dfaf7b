#include "ui/cli/proxy_rules.h"

#include "store/rule_proxy.h"
#include "temporary_folder.h"
#include "ui/cli/rule_check.h"
#include "ui/cli/rule_input.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

class ProxyRules : public testing::Test {
 protected:
  /// The rules as `record` finds them.
  Result<std::vector<ForwardRule>> recorded() {
    Result<RuleInput> input = read_rules(run_.config, run_.forwards, run_.proxy);
    if (!input) return std::unexpected(input.error());
    return record_rules(run_, std::move(input->rules));
  }
  /// The rules that `replay` serves of a recording with one https rule and perhaps a proxy.
  Result<std::vector<ForwardRule>> replayed(bool with_proxy) {
    Result<RuleInput> input = read_rules(run_.config, run_.forwards, run_.proxy);
    if (!input) return std::unexpected(input.error());
    Recording recording;
    recording.name = "nightly";
    ForwardRule rule;
    rule.name = "shop";
    rule.listen = {"localhost", 8443};
    recording.rules.push_back({});
    recording.rules.back().rule = rule;
    if (with_proxy) {
      recording.rules.push_back({});
      recording.rules.back().rule = proxy_rule({"127.0.0.1", 3128}, "--proxy 3128");
      recording.rules.back().rule.name = "proxy";
    }
    return replay_rules(run_, std::move(input->rules), recording);
  }
  void ask_for_proxy(Endpoint at) {
    run_.proxy.listen = std::move(at);
    run_.proxy.written_at = "--proxy";
  }

  RunArguments run_;
  TemporaryFolder folder_;
};

TEST_F(ProxyRules, TheProxyStandsBehindTheOtherRules) {
  run_.forwards = {"http://localhost:0=http://h", "tcp://localhost:0=tcp://h:1"};
  ask_for_proxy({"localhost", 3128});
  const auto rules = recorded();
  ASSERT_TRUE(rules) << describe(rules.error());
  ASSERT_EQ(rules->size(), 3U);
  EXPECT_EQ(rules->back().name, "proxy");
  ASSERT_TRUE(rules->back().proxy);
  EXPECT_EQ(rules->back().proxy, ProxySettings());
  EXPECT_EQ(rules->back().listen, (Endpoint{"localhost", 3128}));
}

TEST_F(ProxyRules, ACommandWithoutAnyRuleGetsAProxyOfItsOwn) {
  EXPECT_TRUE(recorded()->empty());
  run_.command = {"npm", "test"};
  const auto rules = recorded();
  ASSERT_EQ(rules->size(), 1U);
  EXPECT_EQ(rules->front().name, "proxy");
  EXPECT_EQ(rules->front().listen, (Endpoint{"127.0.0.1", 0}));
  run_.forwards = {"http://localhost:0=http://h"};
  EXPECT_FALSE(recorded()->front().proxy);
}

TEST_F(ProxyRules, ARawForwardToTheProxyGoesByHost) {
  run_.forwards = {"tcp://:8080=tcp://localhost:3128"};
  run_.config = folder_.write("registration.xml",
                              "<registration><http-proxy bind-address='localhost' verify='false' "
                              "passthrough='h'/></registration>");
  const auto rules = recorded();
  ASSERT_TRUE(rules) << describe(rules.error());
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ(rules->back().name, "by-host-8080");
  ASSERT_TRUE(rules->back().proxy);
  EXPECT_TRUE(rules->back().proxy->by_host);
  EXPECT_EQ(rules->back().proxy->passthrough, std::vector<std::string>{"h"});
  EXPECT_FALSE(rules->back().tls.verify);
}

TEST_F(ProxyRules, OptionsHoldForEveryProxy) {
  run_.config = folder_.write("registration.xml",
                              "<registration><http-proxy bind-address='localhost' passthrough='h' "
                              "connectPorts='443'/></registration>");
  ask_for_proxy({"localhost", 0});
  run_.proxy.passthrough = {"*.example.com"};
  run_.proxy.passthrough_on_reject = true;
  run_.proxy.connect_ports = {8443};
  run_.proxy.user = "ada";
  run_.proxy.password_file = folder_.write("password", "se cret:\xC3\xA9\r\n");
  const auto rules = recorded();
  ASSERT_TRUE(rules) << describe(rules.error());
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[0].proxy->passthrough, (std::vector<std::string>{"h", "*.example.com"}));
  EXPECT_EQ((*rules)[1].proxy->passthrough, std::vector<std::string>{"*.example.com"});
  for (const ForwardRule& rule : *rules) {
    EXPECT_TRUE(rule.proxy->passthrough_on_reject);
    EXPECT_EQ(rule.proxy->connect_ports, std::vector<std::uint16_t>{8443});
    EXPECT_EQ(rule.proxy->credentials, "ada:se cret:\xC3\xA9");
  }
}

TEST_F(ProxyRules, APasswordIsOneLine) {
  ask_for_proxy({"localhost", 0});
  run_.proxy.user = "ada";
  for (const char* content : {"", "\n", "one\ntwo\n"}) {
    run_.proxy.password_file = folder_.write("password", content);
    const auto rules = recorded();
    ASSERT_FALSE(rules) << content;
    EXPECT_EQ(rules.error().source, ErrorSource::Config);
    EXPECT_EQ(rules.error().where, run_.proxy.password_file);
  }
  run_.proxy.password_file = folder_.path("none");
  EXPECT_EQ(recorded().error().source, ErrorSource::Config);
}

TEST_F(ProxyRules, OptionsWithoutAProxyAreRefused) {
  run_.forwards = {"http://localhost:0=http://h"};
  const auto refusal = [&](ProxyArguments proxy) {
    run_.proxy = std::move(proxy);
    const auto rules = recorded();
    return rules ? "" : rules.error().where;
  };
  ProxyArguments proxy;
  EXPECT_EQ(refusal(proxy), "");
  proxy.passthrough_on_reject = true;
  EXPECT_EQ(refusal(proxy), "--passthrough-on-reject");
  proxy.passthrough = {"h"};
  EXPECT_EQ(refusal(proxy), "--passthrough");
  proxy.connect_ports = {443};
  EXPECT_EQ(refusal(proxy), "--connect-ports");
  proxy.no_proxy = "";
  EXPECT_EQ(refusal(proxy), "--no-proxy");
  proxy.user = "ada";
  EXPECT_EQ(refusal(proxy), "--proxy-auth");
}

TEST_F(ProxyRules, ReplayTakesTheRecordedRulesAsTheyAre) {
  const auto rules = replayed(true);
  ASSERT_TRUE(rules);
  EXPECT_TRUE(rules->empty());
}

TEST_F(ProxyRules, ReplayMovesTheRecordedProxyAlone) {
  ask_for_proxy({"localhost", 8888});
  const auto rules = replayed(true);
  ASSERT_TRUE(rules) << describe(rules.error());
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[0].listen, (Endpoint{"localhost", 8443}));
  EXPECT_EQ((*rules)[1].listen, (Endpoint{"localhost", 8888}));
  const auto none = replayed(false);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().source, ErrorSource::Config);
  EXPECT_NE(none.error().what.find("its rules are: shop"), std::string::npos) << none.error().what;
}

TEST_F(ProxyRules, ReplayAsksForAPasswordAtTheRecordedProxy) {
  run_.proxy.user = "ada";
  run_.proxy.password_file = folder_.write("password", "secret");
  const auto rules = replayed(true);
  ASSERT_TRUE(rules) << describe(rules.error());
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[1].proxy->credentials, "ada:secret");
  EXPECT_FALSE(replayed(false));
}

TEST_F(ProxyRules, ReplayWithRulesServesThoseAndTheProxy) {
  run_.forwards = {"https://localhost:0=https://h"};
  ask_for_proxy({"localhost", 0});
  const auto rules = replayed(true);
  ASSERT_TRUE(rules) << describe(rules.error());
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[0].name, "https-h-443");
  EXPECT_TRUE((*rules)[1].proxy);
}

}  // namespace
}  // namespace understudy
