#include "store/rule_values.h"
#include "store/rule_json.h"
#include "store/rule_proxy.h"

#include "scheme_table.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(ParseBind, TakesWhatCanBeListenedAt) {
  EXPECT_EQ(*parse_bind("localhost:8080"), (Endpoint{"localhost", 8080}));
  EXPECT_EQ(*parse_bind(" 0.0.0.0:80 "), (Endpoint{"0.0.0.0", 80}));
  EXPECT_EQ(*parse_bind(":0"), (Endpoint{"", 0}));
  EXPECT_EQ(*parse_bind("[::1]:65535"), (Endpoint{"::1", 65535}));
  for (const char* bad : {"", "localhost", "localhost:", ":", "localhost:65536", "localhost:-1",
                          "localhost:80x", "::1:80", "[::1:80", "[localhost]:80", "[::1]80x",
                          "api.example.com:80", "1.2.3:80", "a:b:c"}) {
    const auto parsed = parse_bind(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().source, ErrorSource::Config);
    EXPECT_NE(parsed.error().what.find("expected"), std::string::npos) << bad;
  }
}

TEST(ParseDestination, TakesWhatCanBeConnectedTo) {
  EXPECT_EQ(*parse_destination("api.example.com:8443", 0), (Endpoint{"api.example.com", 8443}));
  EXPECT_EQ(*parse_destination("my_container", 80), (Endpoint{"my_container", 80}));
  EXPECT_EQ(*parse_destination("[fe80::1]", 443), (Endpoint{"fe80::1", 443}));
  for (const char* bad : {"", ":80", "host:", "host:0", "host:99999", "http://host:80", "a b:1",
                          "host:80/path", "user@host:80"}) {
    EXPECT_FALSE(parse_destination(bad, 80)) << bad;
  }
  EXPECT_FALSE(parse_destination("host", 0));
}

TEST(ParseBoolean, TakesXmlBooleans) {
  EXPECT_EQ(*parse_boolean("True"), true);
  EXPECT_EQ(*parse_boolean("0"), false);
  EXPECT_FALSE(parse_boolean("yes"));
  EXPECT_FALSE(parse_boolean(""));
}

TEST(ParseForward, ReadsBothSides) {
  auto rule = parse_forward("http://localhost:8080=http://api.example.com:8081/base/", schemes());
  ASSERT_TRUE(rule) << describe(rule.error());
  EXPECT_EQ(rule->protocol, "http");
  EXPECT_EQ(rule->listen, (Endpoint{"localhost", 8080}));
  EXPECT_EQ(rule->upstream, (Endpoint{"api.example.com", 8081}));
  EXPECT_EQ(rule->path_prefix, "/base");
  EXPECT_EQ(rule->written_at, "--forward http://localhost:8080=http://api.example.com:8081/base/");

  rule = parse_forward("tcp://:7000=[::1]:7001", schemes());
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->client_scheme, "tcp");
  EXPECT_EQ(rule->upstream_scheme, "tcp");
  EXPECT_EQ(rule->protocol, "raw");
  EXPECT_EQ(rule->listen, (Endpoint{"", 7000}));
  EXPECT_EQ(rule->upstream, (Endpoint{"::1", 7001}));

  rule = parse_forward("http://[::1]:0=http://host/a=b", schemes());
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->upstream.port, 80);
  EXPECT_EQ(rule->path_prefix, "/a=b");

  rule = parse_forward("mqtt://:1883=mqtt://broker", schemes());
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->upstream.port, 1883);
  EXPECT_TRUE(raw_notice(*rule, schemes()));
}

TEST(ParseForward, KnowsWhereTlsIsSpoken) {
  const auto tls = [](const char* argument) {
    const auto rule = parse_forward(argument, schemes());
    if (!rule) ADD_FAILURE() << describe(rule.error());
    return rule ? std::pair(rule->client_tls, rule->upstream_tls) : std::pair(false, false);
  };
  EXPECT_EQ(tls("http://:80=https://h"), std::pair(false, true));
  EXPECT_EQ(tls("https://:443=http://h"), std::pair(true, false));
  EXPECT_EQ(tls("https://:443=h"), std::pair(true, true));
  EXPECT_EQ(tls("mqtt://:1883=mqtts://h"), std::pair(false, true));
  EXPECT_EQ(tls("tcp://:1=tcp://h:1"), std::pair(false, false));
}

TEST(ParseForward, SaysWhatWasExpected) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "LEFT=RIGHT"},
      {"http://localhost:8080", "LEFT=RIGHT"},
      {"localhost:8080=http://h", "scheme on the left"},
      {"gopher://:70=gopher://h:70", "expected one of http, https, tcp"},
      {"http://:80=tcp://h:80", "same protocol"},
      {"mqtt://:80=kafka://h:80", "same protocol"},
      {"http://localhost=http://h", "HOST:PORT"},
      {"http://localhost:80/x=http://h", "HOST:PORT"},
      {"http://localhost:80=http://", "host name"},
      {"tcp://:80=tcp://h", "port from 1"},
      {"tcp://:80=tcp://h:80/x", "has no path"},
      {"http://:80=http://h/?q", "without ?"},
      {"https://:443=mqtts://h", "same protocol"},
  };
  for (const auto& [argument, expected] : cases) {
    const auto rule = parse_forward(argument, schemes());
    ASSERT_FALSE(rule) << argument;
    EXPECT_EQ(rule.error().source, ErrorSource::Config);
    EXPECT_EQ(rule.error().where, std::string("--forward ") + argument);
    EXPECT_NE(rule.error().what.find(expected), std::string::npos) << rule.error().what;
  }
}

TEST(NameRules, DefaultsGiveWayToNamesThatUsersGave) {
  std::vector<ForwardRule> rules(4);
  for (ForwardRule& rule : rules) {
    rule.upstream_scheme = "http";
    rule.upstream = {"h", 80};
  }
  rules[1].name = "http-h-80";
  rules[3].name = "http-h-80";
  name_rules(rules);
  EXPECT_EQ(rules[0].name, "http-h-80-3");
  EXPECT_EQ(rules[1].name, "http-h-80");
  EXPECT_EQ(rules[2].name, "http-h-80-4");
  EXPECT_EQ(rules[3].name, "http-h-80-2");
}

TEST(NameRules, RulesWithoutAnUpstreamAreNamedByWhatTheyAre) {
  std::vector<ForwardRule> rules{proxy_rule({"localhost", 3128}, ""), proxy_rule({"", 0}, ""),
                                 proxy_rule({"", 80}, ""), ForwardRule()};
  rules[2].proxy->by_host = true;
  rules[3].client_scheme = "https";
  rules[3].transparent = true;
  name_rules(rules);
  EXPECT_EQ(rules[0].name, "proxy");
  EXPECT_EQ(rules[1].name, "proxy-2");
  EXPECT_EQ(rules[2].name, "by-host-80");
  EXPECT_EQ(rules[3].name, "https-transparent");
}

TEST(CheckLoops, SeesDestinationsThatAreOurselves) {
  const auto loops = [](Endpoint listen, Endpoint upstream) {
    std::vector<ForwardRule> rules(1);
    rules[0].listen = std::move(listen);
    rules[0].upstream = std::move(upstream);
    return !check_loops(rules);
  };
  EXPECT_TRUE(loops({"localhost", 80}, {"localhost", 80}));
  EXPECT_TRUE(loops({"", 80}, {"127.0.0.1", 80}));
  EXPECT_TRUE(loops({"127.0.0.1", 80}, {"localhost", 80}));
  EXPECT_TRUE(loops({"192.0.2.1", 80}, {"192.0.2.1", 80}));
  EXPECT_FALSE(loops({"localhost", 80}, {"localhost", 81}));
  EXPECT_FALSE(loops({"localhost", 80}, {"api.example.com", 80}));
  EXPECT_FALSE(loops({"127.0.0.1", 80}, {"127.0.0.2", 80}));
  EXPECT_FALSE(loops({"localhost", 80}, {"127.0.0.2", 80}));
}

TEST(CheckLoops, WhatHasNoDestinationIsNone) {
  std::vector<ForwardRule> rules{proxy_rule({"", 0}, ""), ForwardRule()};
  rules[1].transparent = true;
  EXPECT_TRUE(check_loops(rules));
  rules[1].transparent = false;
  rules[1].upstream = {"localhost", 3128};
  rules[0].listen.port = 3128;
  EXPECT_FALSE(check_loops(rules));
}

TEST(RuleJson, GivesBackTheWholeRule) {
  ForwardRule rule;
  rule.name = "caf\xC3\xA9";
  rule.protocol = "http";
  rule.client_scheme = "http";
  rule.upstream_scheme = "https";
  rule.listen = {"", 0};
  rule.upstream = {"::1", 443};
  rule.path_prefix = "/base";
  rule.preserve_host = true;
  rule.client_tls = rule.upstream_tls = true;
  rule.tls = {"own.pem", "own.key", true, false, "ca.pem", "us.pem", "us.key", "1.0", "DEFAULT"};
  rule.transparent = true;
  rule.redact = {{"Authorization"}, {"/card/number"}, {"key=(\\w+)"}};
  rule.written_at = "registration.xml:12";
  const auto back = rule_from_json(rule_to_json(rule));
  ASSERT_TRUE(back) << describe(back.error());
  EXPECT_EQ(rule_to_json(*back), rule_to_json(rule));
  EXPECT_EQ(back->upstream, rule.upstream);
  EXPECT_EQ(back->redact, rule.redact);
  EXPECT_TRUE(back->preserve_host);
  EXPECT_TRUE(back->client_tls && back->upstream_tls && back->transparent);
  EXPECT_EQ(back->tls, rule.tls);
  EXPECT_FALSE(back->proxy);
}

TEST(RuleJson, GivesBackAProxyWithoutItsPassword) {
  ForwardRule rule = proxy_rule({"localhost", 3128}, "--proxy 3128");
  rule.proxy = {true, {443, 8443, 9000, 9001}, {"*.example.com"}, true, true, "ada:secret"};
  const std::string text = rule_to_json(rule);
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
  const auto back = rule_from_json(text);
  ASSERT_TRUE(back) << describe(back.error());
  rule.proxy->credentials.clear();
  EXPECT_EQ(back->proxy, rule.proxy);
}

TEST(RuleJson, OfAnOlderVersionSpeaksNoTls) {
  const auto rule = rule_from_json(R"({"clientScheme":"https","upstreamScheme":"https"})");
  ASSERT_TRUE(rule);
  EXPECT_FALSE(rule->client_tls || rule->upstream_tls || rule->transparent || rule->proxy);
  EXPECT_TRUE(rule->tls.verify);
}

TEST(RuleJson, IsLenientAboutMembersAndStrictAboutTypes) {
  EXPECT_EQ(rule_from_json(R"({"name":"x","futureMember":[1]})")->name, "x");
  EXPECT_FALSE(rule_from_json(R"({"name":1})"));
  EXPECT_FALSE(rule_from_json("not json"));
}

}  // namespace
}  // namespace understudy
