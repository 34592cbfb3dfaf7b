// What registration.xml says about TLS and forward proxies.
#include "store/rule_file.h"

#include "scheme_table.h"
#include "store_fixture.h"

namespace understudy {
namespace {

class RuleFileTlsTest : public StoreTest {
 protected:
  RuleFileTlsTest() : file_((directory_ / "registration.xml").string()) {
    for (const char* name : {"ca.pem", "us.pem", "us.key", "own.pem", "own.key"}) {
      write_file((directory_ / name).string(), "");
    }
    std::filesystem::create_directory(directory_ / "pairs");
  }

  [[nodiscard]] std::string beside(const char* name) const { return (directory_ / name).string(); }

  Result<RuleFile> read(const std::string& xml) {
    write_file(file_, "<registration>\n" + xml + "\n</registration>\n");
    return read_rule_file(file_, schemes());
  }
  /// Reads what must be right.
  RuleFile good(const std::string& xml) {
    auto file = read(xml);
    if (!file) {
      ADD_FAILURE() << describe(file.error());
      return {};
    }
    return std::move(*file);
  }
  /// The warnings without the path, one a line.
  std::string warnings(const RuleFile& file) const {
    std::string lines;
    for (const std::string& line : file.warnings)
      lines += line.substr(file_.size()) + "\n";
    return lines;
  }

  std::string file_;
};

TEST_F(RuleFileTlsTest, ReadsEveryWordOfARule) {
  const RuleFile file = good(
      R"(<forward bind=":1" destination="h" type="https" verify="false" caFile="ca.pem"
           clientCert="us.pem" clientKey="us.key" cert="./own.pem" key="own.key"
           askClientCert="true" tlsMin="1.0" ciphers=" DEFAULT:@SECLEVEL=0 "/>)");
  ASSERT_EQ(file.rules.size(), 1U);
  EXPECT_EQ(file.rules[0].tls,
            (TlsSettings{beside("own.pem"), beside("own.key"), true, false, beside("ca.pem"),
                         beside("us.pem"), beside("us.key"), "1.0", "DEFAULT:@SECLEVEL=0"}));
  EXPECT_TRUE(file.rules[0].client_tls && file.rules[0].upstream_tls);
  EXPECT_EQ(warnings(file), "");
}

TEST_F(RuleFileTlsTest, DestinationTypeDecidesTheUpstreamSide) {
  const RuleFile file = good(R"(
    <forward bind=":1" destination="h" type="http" destinationType="https"/>
    <forward bind=":2" destination="h" type="https" destinationType="http"/>
    <forward bind=":3" destination="h:1" destinationType="tls"/>)");
  ASSERT_EQ(file.rules.size(), 3U);
  EXPECT_EQ(file.rules[0].upstream, (Endpoint{"h", 443}));
  EXPECT_FALSE(file.rules[0].client_tls);
  EXPECT_TRUE(file.rules[0].upstream_tls);
  EXPECT_EQ(file.rules[1].upstream, (Endpoint{"h", 80}));
  EXPECT_TRUE(file.rules[1].client_tls);
  EXPECT_FALSE(file.rules[1].upstream_tls);
  EXPECT_TRUE(file.rules[2].upstream_tls);
}

TEST_F(RuleFileTlsTest, AbsolutePathsAndDirectoriesOfPairsAreTaken) {
  const RuleFile file =
      good(R"(<forward bind=":1" destination="h" type="https" cert="pairs" caFile=")" +
           beside("ca.pem") + R"("/>)");
  ASSERT_EQ(file.rules.size(), 1U);
  EXPECT_EQ(file.rules[0].tls.certificate, beside("pairs"));
  EXPECT_EQ(file.rules[0].tls.ca_file, beside("ca.pem"));
}

TEST_F(RuleFileTlsTest, WhatIsAboveIsTheDefaultForWhatIsBelow) {
  write_file(file_, R"(<registration verify="false" clientCert="us.pem" clientKey="us.key">
    <forward bind=":1" destination="h" type="https"/>
    <forward bind=":2" destination="h" type="https" verify="true" clientCert="own.pem"/>
    <proxy caFile="ca.pem"><forward bind=":3" destination="h" type="https"/></proxy>
    <http-proxy bind-address="localhost" verify="true">
      <forward bind=":4" destination="h" type="https"/></http-proxy>
    </registration>)");
  const auto file = read_rule_file(file_, schemes());
  ASSERT_TRUE(file) << describe(file.error());
  ASSERT_EQ(file->rules.size(), 5U);
  EXPECT_FALSE(file->rules[0].tls.verify);
  EXPECT_EQ(file->rules[0].tls.client_key, beside("us.key"));
  EXPECT_TRUE(file->rules[1].tls.verify);
  EXPECT_EQ(file->rules[1].tls.client_certificate, beside("own.pem"));
  EXPECT_EQ(file->rules[1].tls.client_key, "");  // the other certificate's
  EXPECT_EQ(file->rules[2].tls.ca_file, beside("ca.pem"));
  EXPECT_FALSE(file->rules[2].tls.verify);
  EXPECT_TRUE(file->rules[3].tls.verify);
  ASSERT_TRUE(file->rules[4].proxy);
  EXPECT_TRUE(file->rules[4].tls.verify);
  EXPECT_EQ(file->rules[4].tls.ca_file, "");
}

TEST_F(RuleFileTlsTest, WordsWithoutTlsAreWarnedOf) {
  const RuleFile file = good(R"(
    <forward bind=":1" destination="h" type="http" verify="false" cert="own.pem" tlsMin="1.2"/>
    <forward bind=":2" destination="h" type="https" destinationType="http" caFile="ca.pem"/>
    <forward bind=":3" destination="h" type="http" verify="true" askClientCert="false"/>
    <forward bind=":4" destination="h" type="http" connectPorts="443"/>)");
  EXPECT_EQ(warnings(file),
            ":3: verify is not used: the upstream is not spoken to in TLS\n"
            ":3: cert is not used: clients do not speak TLS here\n"
            ":3: tlsMin is not used: this rule speaks no TLS\n"
            ":4: caFile is not used: the upstream is not spoken to in TLS\n"
            ":6: connectPorts is not used: this is no forward proxy\n");
}

TEST_F(RuleFileTlsTest, ATransparentRuleNeedsNoDestination) {
  const RuleFile file = good(R"(
    <forward bind=":1" type="https" transparent="true"/>
    <forward bind=":2" type="http" transparent="true" destination="h"/>)");
  ASSERT_EQ(file.rules.size(), 2U);
  EXPECT_TRUE(file.rules[0].transparent);
  EXPECT_EQ(file.rules[1].upstream, Endpoint());
  EXPECT_EQ(warnings(file),
            ":4: destination is not used: a transparent rule has it from the kernel\n");
}

TEST_F(RuleFileTlsTest, ProxiesAreRulesBehindTheForwards) {
  const RuleFile file = good(R"(
    <http-proxy port="3128" bind-address="0.0.0.0" connectPorts="443,9000-9001"
        passthrough="*.bank.example" passthroughOnReject="true" cert="pairs">
      <redact header="Cookie"/></http-proxy>
    <forward bind=":1" destination="h:1"/>
    <http-proxy port="0" bind-address="::1" disableConnectForwarding="true"/>
    <redact header="Authorization"/>)");
  ASSERT_EQ(file.rules.size(), 3U);
  EXPECT_FALSE(file.rules[0].proxy);
  const ForwardRule& first = file.rules[1];
  EXPECT_EQ(first.listen, (Endpoint{"0.0.0.0", 3128}));
  EXPECT_EQ(first.client_scheme, "http-proxy");
  EXPECT_EQ(first.written_at, file_ + ":3");
  EXPECT_EQ(first.tls.certificate, beside("pairs"));
  EXPECT_EQ(first.redact.headers, (std::vector<std::string>{"Cookie", "Authorization"}));
  EXPECT_EQ(first.proxy, (ProxySettings{.refuse_connect = false,
                                        .connect_ports = {443, 9000, 9001},
                                        .passthrough = {"*.bank.example"},
                                        .passthrough_on_reject = true,
                                        .by_host = false,
                                        .credentials = ""}));
  EXPECT_EQ(file.rules[2].listen, (Endpoint{"::1", 0}));
  EXPECT_TRUE(file.rules[2].proxy->refuse_connect);
  EXPECT_EQ(warnings(file), "");
}

TEST_F(RuleFileTlsTest, AnyElementAboveOrBesideMayRefuseConnect) {
  const std::string proxy = R"(<http-proxy bind-address="localhost")";
  const auto refused = [&](const std::string& xml) {
    const RuleFile file = good(xml);
    return !file.rules.empty() && file.rules.back().proxy->refuse_connect;
  };
  EXPECT_FALSE(refused(proxy + "/>"));
  EXPECT_TRUE(refused(R"(<proxy disableConnectForwarding="true"/>)" + proxy + "/>"));
  EXPECT_TRUE(refused(R"(<proxy disableConnectForwarding="true">)" + proxy + "/></proxy>"));
  EXPECT_FALSE(refused(R"(<proxy disableConnectForwarding="true"/>)" + proxy +
                       R"( disableConnectForwarding="false"/>)"));
}

TEST_F(RuleFileTlsTest, ARawRuleToTheProxyGoesByHost) {
  const RuleFile file = good(R"(
    <forward name="hosts" bind=":80" destination="localhost:3128" connectPorts="8443" verify="true"/>
    <forward bind=":443" destination="127.0.0.1:3128" type="tcp"/>
    <forward bind=":81" destination="localhost:3129"/>
    <http-proxy bind-address="localhost" verify="false" connectPorts="443"/>)");
  ASSERT_EQ(file.rules.size(), 4U);
  const ForwardRule& hosts = file.rules[0];
  ASSERT_TRUE(hosts.proxy);
  EXPECT_TRUE(hosts.proxy->by_host);
  EXPECT_EQ(hosts.name, "hosts");
  EXPECT_EQ(hosts.listen, (Endpoint{"", 80}));
  EXPECT_EQ(hosts.proxy->connect_ports, std::vector<std::uint16_t>{8443});
  EXPECT_TRUE(hosts.tls.verify);
  ASSERT_TRUE(file.rules[1].proxy);
  EXPECT_EQ(file.rules[1].proxy->connect_ports, std::vector<std::uint16_t>{443});
  EXPECT_FALSE(file.rules[1].tls.verify);
  EXPECT_FALSE(file.rules[2].proxy);
  EXPECT_FALSE(file.rules[3].proxy->by_host);
}

TEST_F(RuleFileTlsTest, RefusesBadValuesWithLineAndExpectation) {
  const std::string rule = R"(<forward bind=":1" destination="h" type="https" )";
  const std::string proxy = R"(<http-proxy bind-address="localhost" )";
  const std::pair<std::string, const char*> cases[] = {
      {rule + R"(tlsMin="1.4"/>)", "tlsMin: \"1.4\": expected one of 1.0, 1.1, 1.2, 1.3"},
      {rule + R"(verify="no"/>)", "verify: \"no\": expected true or false"},
      {rule + R"(askClientCert="no"/>)", "askClientCert: \"no\""},
      {rule + R"(caFile="none.pem"/>)", "none.pem: No such file or directory, expected a file"},
      {rule + R"(caFile="pairs"/>)", "pairs: is a directory, expected a file that"},
      {rule + R"(cert="none"/>)", "expected a file or a directory that can be read"},
      {rule + R"(cert="/dev/null"/>)", "is no regular file"},
      {rule + R"(key="own.key"/>)", "key: expected cert with it"},
      {rule + R"(cert="pairs" key="own.key"/>)", "key: expected cert with it"},
      {rule + R"(clientKey="us.key"/>)", "clientKey: expected clientCert with it"},
      {rule + R"(connectPorts="x"/>)", "connectPorts: \"x\": expected ports"},
      {R"(<forward bind=":1" type="https" transparent="perhaps"/>)", "transparent: \"perhaps\""},
      {R"(<forward bind=":1" type="https" transparent="false"/>)", "destination: \"\": expected"},
      {proxy + R"(connectPorts="443,"x"/>)", "not well-formed"},
      {proxy + R"(connectPorts="0"/>)", "connectPorts: \"0\": expected ports"},
      {proxy + R"(passthrough="h:443"/>)", "passthrough: \"h:443\": expected hosts"},
      {proxy + R"(passthroughOnReject="2"/>)", "passthroughOnReject: \"2\""},
      {proxy + R"(allow="10.0.0.0/8"/>)", "allow=\"10.0.0.0/8\" is not supported"},
      {proxy + R"(clientCert="none"/>)", "clientCert: "},
      {R"(<proxy disableConnectForwarding="2"/>)", "disableConnectForwarding: \"2\""},
  };
  for (const auto& [xml, expected] : cases) {
    const auto file = read("\n" + xml);
    ASSERT_FALSE(file) << xml;
    EXPECT_EQ(file.error().source, ErrorSource::Config);
    EXPECT_EQ(file.error().where, file_ + ":3");
    EXPECT_NE(file.error().what.find(expected), std::string::npos) << xml << "\n"
                                                                   << file.error().what;
  }
}

}  // namespace
}  // namespace understudy
