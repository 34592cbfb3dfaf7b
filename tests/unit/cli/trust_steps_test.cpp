#include "ui/cli/trust_steps.h"
#include "ui/cli/service_start.h"

#include "store/rule_proxy.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

const ListeningRule kProxy{"proxy", "http-proxy", "127.0.0.1:3128", false, true};
const ListeningRule kShop{"shop", "https", "127.0.0.1:8443", false, false};
const ListeningRule kQueue{"queue", "mqtts", "127.0.0.1:8883", false, false};

std::string curl(std::vector<ListeningRule> rules) {
  return trusting_curl("/a b/ca.pem", rules);
}

TEST(TrustingCurl, GoesThroughTheProxyOrToAnHttpsRule) {
  EXPECT_EQ(curl({kShop, kProxy}),
            "curl --proxy http://127.0.0.1:3128 --cacert '/a b/ca.pem' https://...");
  EXPECT_EQ(curl({kQueue, kShop}), "curl --cacert '/a b/ca.pem' https://127.0.0.1:8443/");
  EXPECT_EQ(curl({kQueue}), "");
}

TEST(PublicWarning, SaysThatOthersCanUseAProxy) {
  EXPECT_NE(public_warning(kShop, false).find("rule shop can be reached"), std::string::npos);
  EXPECT_NE(public_warning(kProxy, false)
                .find("other machines can use this forward proxy, and "
                      "nobody is asked for a password"),
            std::string::npos);
  const std::string with_password = public_warning(kProxy, true);
  EXPECT_NE(with_password.find("with its password"), std::string::npos) << with_password;
  EXPECT_EQ(with_password.find("nobody"), std::string::npos) << with_password;
}

TEST(ProxyCredentials, AreThoseOfTheProxyItself) {
  std::vector<ForwardRule> rules{proxy_rule({"", 80}, ""), proxy_rule({"", 3128}, "")};
  rules[0].proxy->by_host = true;
  rules[0].proxy->credentials = "other:one";
  rules[1].proxy->credentials = "ada:secret";
  EXPECT_EQ(proxy_credentials(rules), "ada:secret");
  rules.pop_back();
  EXPECT_EQ(proxy_credentials(rules), "");
}

TEST(OpenAuthority, IsLeftAloneWithoutTls) {
  std::vector<ForwardRule> rules(1);
  rules[0].upstream_tls = true;
  const auto authority = open_authority(rules);
  ASSERT_TRUE(authority);
  EXPECT_EQ(*authority, nullptr);
}

}  // namespace
}  // namespace understudy
