#include "ui/cli/command_environment.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <optional>

namespace understudy {
namespace {

const ListeningRule kProxy{"proxy", "http-proxy", "127.0.0.1:3128", false, true};
const ListeningRule kShop{"shop", "https", "127.0.0.1:8443", false, false};

std::optional<std::string> value(const std::vector<EnvironmentVariable>& variables,
                                 std::string_view name) {
  const auto found = std::ranges::find(variables, name, &EnvironmentVariable::first);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

ProxyAccess access(std::vector<ListeningRule> rules, const std::string& credentials = "",
                   const std::string& asked = "", const std::string& ui = "") {
  return proxy_access(rules, credentials, asked, ui);
}

CommandPaths paths(const std::string& folder = "/t") {
  return {"/ca/ca.pem", folder + "/roots.pem", folder + "/roots.p12", folder + "/wgetrc",
          folder + "/preload.cjs"};
}

TEST(ProxyVariables, NameTheProxyAndNoExceptions) {
  const auto variables = proxy_variables(access({kProxy}));
  for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) {
    EXPECT_EQ(value(variables, name), "http://127.0.0.1:3128") << name;
  }
  EXPECT_EQ(value(variables, "NO_PROXY"), "");
  EXPECT_EQ(value(variables, "no_proxy"), "");
}

TEST(ProxyVariables, ThereAreNoneWithoutAProxy) {
  EXPECT_TRUE(proxy_variables(access({kShop}, "", "h", "http://127.0.0.1:7070/")).empty());
}

TEST(ProxyVariables, APasswordIsEscaped) {
  EXPECT_EQ(access({kProxy}, "ada:p@s:s/ %").url(), "http://ada:p%40s%3As%2F%20%25@127.0.0.1:3128");
}

TEST(ProxyVariables, WhatIsOursIsReachedDirectly) {
  EXPECT_EQ(access({kProxy}, "", "a.example.com").direct, "a.example.com");
  EXPECT_EQ(access({kProxy}, "", "a.example.com", "http://127.0.0.1:7070/").direct,
            "a.example.com,127.0.0.1:7070,localhost:7070");
  EXPECT_EQ(access({kShop, kProxy}).direct, "127.0.0.1:8443,localhost:8443");
  EXPECT_EQ(access({{"shop", "http", "[::1]:80", false, false}, kProxy}).direct,
            "[::1]:80,localhost:80");
  EXPECT_EQ(access({{"shop", "http", "192.0.2.1:80", false, false}, kProxy}).direct,
            "192.0.2.1:80");
}

TEST(TrustVariables, NameTheBundleAndTheAuthority) {
  const auto variables = trust_variables(paths());
  for (const char* name :
       {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"}) {
    EXPECT_EQ(value(variables, name), "/t/roots.pem") << name;
  }
  EXPECT_EQ(value(variables, "NODE_EXTRA_CA_CERTS"), "/ca/ca.pem");
  EXPECT_EQ(value(variables, "WGETRC"), "/t/wgetrc");
  EXPECT_TRUE(trust_variables({}).empty());
}

TEST(JavaOptions, KeepWhatWasThere) {
  EXPECT_EQ(java_options("-Xmx1g", paths(), access({kProxy})),
            "-Xmx1g -Djavax.net.ssl.trustStore=/t/roots.p12 "
            "-Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=changeit "
            "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=3128 "
            "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=3128 -Dhttp.nonProxyHosts=");
}

TEST(JavaOptions, WithoutAProxyTheyAreAboutTrustAlone) {
  const std::string options = java_options("", paths(), access({kShop}));
  EXPECT_TRUE(options.starts_with("-Djavax.net.ssl.trustStore=")) << options;
  EXPECT_EQ(options.find("roxy"), std::string::npos) << options;
}

TEST(JavaOptions, HaveExceptionsInJavasSpelling) {
  const auto direct = [](const char* asked) {
    const std::string options = java_options("", {}, access({kProxy}, "", asked));
    return options.substr(options.find("nonProxyHosts=") + 14);
  };
  EXPECT_EQ(direct("a.example.com, .b.example,*.c.example,127.0.0.1:80"),
            "a.example.com|*.a.example.com|b.example|*.b.example|c.example|*.c.example");
  EXPECT_EQ(direct("*"), "*");
}

TEST(JavaOptions, PathsWithBlanksAreQuoted) {
  const auto store = [](const char* folder) {
    const std::string options = java_options("", paths(folder), {});
    return options.substr(0, options.find(" -Djavax.net.ssl.trustStoreType"));
  };
  EXPECT_EQ(store("/a b"), "\"-Djavax.net.ssl.trustStore=/a b/roots.p12\"");
  EXPECT_EQ(store("/a\"b"), "'-Djavax.net.ssl.trustStore=/a\"b/roots.p12'");
}

TEST(NodeOptions, KeepWhatWasThere) {
  EXPECT_EQ(node_options("", paths()), "--require /t/preload.cjs");
  EXPECT_EQ(node_options("--enable-source-maps", paths("/a b\\")),
            "--enable-source-maps --require \"/a b\\\\/preload.cjs\"");
}

TEST(WgetrcText, OursComesLastAndWins) {
  EXPECT_EQ(wgetrc_text("tries = 3\nca_certificate = theirs.pem", paths(), access({kShop})),
            "tries = 3\nca_certificate = theirs.pem\nca_certificate = /t/roots.pem\n");
  EXPECT_EQ(
      wgetrc_text("", paths(), access({kProxy}, "ada:pw", "a.example.com")),
      "ca_certificate = /t/roots.pem\nuse_proxy = on\n"
      "http_proxy = http://ada:pw@127.0.0.1:3128\nhttps_proxy = http://ada:pw@127.0.0.1:3128\n"
      "no_proxy = a.example.com\n");
}

}  // namespace
}  // namespace understudy
