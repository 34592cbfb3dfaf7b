#include "ui/cli/proxy_values.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(ParseProxyListen, IsThisMachineUnlessAHostIsGiven) {
  EXPECT_EQ(*parse_proxy_listen("3128"), (Endpoint{"localhost", 3128}));
  EXPECT_EQ(*parse_proxy_listen("127.0.0.1:0"), (Endpoint{"127.0.0.1", 0}));
  EXPECT_EQ(*parse_proxy_listen("0.0.0.0:3128"), (Endpoint{"0.0.0.0", 3128}));
  EXPECT_EQ(*parse_proxy_listen(":3128"), (Endpoint{"", 3128}));
  EXPECT_EQ(*parse_proxy_listen("[::1]:3128"), (Endpoint{"::1", 3128}));
  for (const char* bad : {"", "x", "65536", "proxy.example.com:3128", "localhost", "-1"}) {
    const auto parsed = parse_proxy_listen(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().source, ErrorSource::Config);
    EXPECT_NE(parsed.error().what.find("[HOST:]PORT"), std::string::npos);
  }
}

TEST(ParseProxyLogin, IsUserAndFile) {
  const auto login = parse_proxy_login("ada:c:/pass word.txt");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, "ada");
  EXPECT_EQ(login->password_file, "c:/pass word.txt");
  for (const char* bad : {"", "ada", "ada:", ":file", ":"})
    EXPECT_FALSE(parse_proxy_login(bad)) << bad;
}

}  // namespace
}  // namespace understudy
