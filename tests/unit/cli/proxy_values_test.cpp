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

TEST(ParseProxyUrl, HasKindAddressAndLogin) {
  using Kind = ProxyUrl::Kind;
  EXPECT_EQ(*parse_proxy_url("http://proxy.example.com:8080"),
            (ProxyUrl{Kind::Http, {"proxy.example.com", 8080}, "", ""}));
  EXPECT_EQ(*parse_proxy_url("http://ada:p%40s:s@10.0.0.1:8080/"),
            (ProxyUrl{Kind::Http, {"10.0.0.1", 8080}, "ada", "p@s:s"}));
  EXPECT_EQ(*parse_proxy_url("socks5://ada@[::1]:1080"),
            (ProxyUrl{Kind::Socks5, {"::1", 1080}, "ada", ""}));
  EXPECT_EQ(parse_proxy_url("socks5h://h:1")->kind, Kind::Socks5);
}

TEST(ParseProxyUrl, ARefusalDoesNotRepeatThePassword) {
  for (const char* bad :
       {"", "h:8080", "https://h:8080", "http://h", "http://secret@", "http://h:0",
        "http://h:8080/path", "http://:secret@h:8080", "socks4://h:1"}) {
    const auto url = parse_proxy_url(bad);
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(describe(url.error()).find("secret"), std::string::npos);
    EXPECT_NE(url.error().what.find("expected http://"), std::string::npos);
  }
}

}  // namespace
}  // namespace understudy
