#include "ui/cli/rule_text.h"
#include "ui/cli/rule_input.h"

#include "store/rule_proxy.h"

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

TEST(UpstreamUrl, IsEmptyWhereRequestsSayWhereTheyGo) {
  EXPECT_EQ(upstream_url(proxy_rule({"localhost", 3128}, "")), "");
  ForwardRule transparent;
  transparent.transparent = true;
  EXPECT_EQ(upstream_url(transparent), "");
}

std::string sentences(const ForwardRule& rule) {
  std::string text;
  for (const std::string& sentence : rule_sentences(rule))
    text += sentence + "\n";
  return text;
}

TEST(RuleSentences, SayWhereItListensAndWhereItGoes) {
  const auto rules = rules_of({"http://localhost:8080=http://a.example.com/base"});
  const std::string text = sentences(rules.at(0));
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

TEST(RuleSentences, OfPlainHttpSpeakOfNoTls) {
  const std::string text = sentences(rules_of({"http://localhost:0=http://h"}).at(0));
  EXPECT_EQ(text.find("TLS"), std::string::npos) << text;
  EXPECT_EQ(text.find("certificate"), std::string::npos) << text;
}

TEST(RuleSentences, SayOnWhichSideTlsIsSpoken) {
  const std::string both = sentences(rules_of({"https://localhost:0=https://h"}).at(0));
  EXPECT_NE(both.find("TLS ends here, with certificates of the local authority"), std::string::npos)
      << both;
  EXPECT_NE(both.find("must be one that this system trusts"), std::string::npos) << both;
  const std::string out = sentences(rules_of({"http://localhost:0=https://h"}).at(0));
  EXPECT_EQ(out.find("TLS ends here"), std::string::npos) << out;
  const std::string in = sentences(rules_of({"https://localhost:0=http://h"}).at(0));
  EXPECT_EQ(in.find("this system trusts"), std::string::npos) << in;
}

TEST(RuleSentences, SayEverythingThatTheRuleSaysOfTls) {
  ForwardRule rule = rules_of({"https://localhost:0=https://h"}).at(0);
  rule.tls = {"/own.pem", "", true, false, "/ca.pem", "/us.pem", "", "1.0", "DEFAULT"};
  std::string text = sentences(rule);
  for (const char* expected :
       {"with the certificate /own.pem.", "Clients are asked for a certificate",
        "THE UPSTREAM IS NOT VERIFIED", "it is shown /us.pem", "TLS 1.0 and above", "DEFAULT"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  rule.tls.verify = true;
  rule.tls.certificate = "/";
  text = sentences(rule);
  EXPECT_NE(text.find("this system or /ca.pem trusts"), std::string::npos) << text;
  EXPECT_NE(text.find("certificate in / that covers the name"), std::string::npos) << text;
}

TEST(RuleSentences, OfATransparentRuleNameTheKernel) {
  ForwardRule rule = rules_of({"https://localhost:0=https://h"}).at(0);
  rule.transparent = true;
  EXPECT_NE(sentences(rule).find("go on to where they were going, as https"), std::string::npos);
}

TEST(RuleSentences, OfAProxySayWhoMayUseItAndForWhat) {
  ForwardRule rule = proxy_rule({"localhost", 3128}, "--proxy 3128");
  EXPECT_NE(sentences(rule).find("may lead to any port"), std::string::npos);
  EXPECT_NE(sentences(rule).find("TLS inside tunnels is opened"), std::string::npos);
  EXPECT_EQ(sentences(rule).find("OTHER MACHINES"), std::string::npos);
  rule.listen.host = "0.0.0.0";
  EXPECT_NE(sentences(rule).find("OTHER MACHINES CAN USE IT"), std::string::npos);
  EXPECT_NE(sentences(rule).find("ports 443 and 8443"), std::string::npos);
  rule.proxy->connect_ports = {443, 9000, 9001};
  rule.proxy->passthrough = {"*.bank.example"};
  rule.proxy->passthrough_on_reject = true;
  rule.proxy->credentials = "ada:secret";
  const std::string text = sentences(rule);
  for (const char* expected : {"ports 443,9000-9001 of any host", "Tunnels to *.bank.example",
                               "rejects our certificate", "must give a user"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  EXPECT_EQ(text.find("secret"), std::string::npos);
  rule.proxy->refuse_connect = true;
  EXPECT_NE(sentences(rule).find("CONNECT gets 405"), std::string::npos);
  rule.proxy->by_host = true;
  EXPECT_NE(sentences(rule).find("their Host or URL"), std::string::npos);
}

TEST(ListeningLines, ColumnsAreAligned) {
  const std::vector<ListeningRule> rules{{"orders", "http", "127.0.0.1:8080", false},
                                         {"db", "tcp", "127.0.0.1:700", false}};
  const std::vector<std::string> upstreams{"http://a:80", "tcp://b.example.com:7000"};
  EXPECT_EQ(listening_lines(rules, upstreams),
            (std::vector<std::string>{"http  127.0.0.1:8080 → http://a:80               (orders)",
                                      "tcp   127.0.0.1:700  → tcp://b.example.com:7000  (db)"}));
  EXPECT_EQ(listening_lines(rules, {})[1], "tcp   127.0.0.1:700   (db)");
  EXPECT_EQ(listening_lines(rules, std::vector<std::string>{"", "tcp://b:1"})[0],
            "http  127.0.0.1:8080 → wherever clients want  (orders)");
}

}  // namespace
}  // namespace understudy
