// An upstream proxy as users write it down, and what it is not asked for.
#include "protocols/transport/upstream_proxy.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using Kind = UpstreamProxy::Kind;

UpstreamProxy parsed(std::string_view text) {
  const auto proxy = parse_upstream_proxy(text);
  if (proxy) return *proxy;
  ADD_FAILURE() << describe(proxy.error());
  return {};
}

std::string refusal(std::string_view text) {
  const auto proxy = parse_upstream_proxy(text);
  if (proxy) return "accepted";
  EXPECT_EQ(proxy.error().source, ErrorSource::Config);
  return proxy.error().what;
}

TEST(UpstreamProxy, IsReadFromItsUrl) {
  EXPECT_EQ(parsed("http://proxy.example:3128").at, (Endpoint{"proxy.example", 3128}));
  EXPECT_EQ(parsed("http://proxy.example:3128").kind, Kind::Http);
  EXPECT_EQ(parsed("HTTP://10.0.0.1:8080/").at, (Endpoint{"10.0.0.1", 8080}));
  EXPECT_EQ(parsed("proxy.example:3128").kind, Kind::Http);
  EXPECT_EQ(parsed("socks5://[::1]:1080").at, (Endpoint{"::1", 1080}));
  EXPECT_EQ(parsed("socks5://[::1]:1080").kind, Kind::Socks5);
  EXPECT_EQ(parsed("socks5h://proxy:1080").kind, Kind::Socks5);
}

TEST(UpstreamProxy, UserAndPasswordMayBeEncoded) {
  const UpstreamProxy proxy = parsed("http://us%40er:p%3A@ss%2f:x@proxy:3128");
  EXPECT_EQ(proxy.user, "us@er");
  EXPECT_EQ(proxy.password, "p:@ss/:x");
  EXPECT_EQ(proxy.at, (Endpoint{"proxy", 3128}));
  EXPECT_EQ(parsed("http://user@proxy:1").user, "user");
  EXPECT_EQ(parsed("http://user@proxy:1").password, "");
}

TEST(UpstreamProxy, WhatIsWrongIsSaidWithoutThePassword) {
  for (const char* text :
       {"http://u:secret@proxy", "https://u:secret@proxy:1", "http://u:secret@:1",
        "http://u:secret@proxy:0", "http://u:secret@proxy:65536", "http://u:secret@proxy:port",
        "http://u:secret@[::1:80", "http://u:secret@proxy:80/path", "http://u:secret@"}) {
    EXPECT_NE(refusal(text).find("expected http://"), std::string::npos) << text;
    EXPECT_EQ(refusal(text).find("secret"), std::string::npos) << refusal(text);
  }
  for (const char* text :
       {"http://u%4:secret@proxy:1", "http://u:secret%@proxy:1", "http://u:%zzsecret@proxy:1"}) {
    EXPECT_NE(refusal(text).find("%-escape"), std::string::npos) << refusal(text);
    EXPECT_EQ(refusal(text).find("secret"), std::string::npos) << refusal(text);
  }
  const std::string long_user(256, 'u');
  EXPECT_NE(refusal("socks5://" + long_user + "@proxy:1").find("255"), std::string::npos);
  EXPECT_NE(refusal("").find("no host and port"), std::string::npos);
}

TEST(UpstreamProxy, NoProxyIsAListBetweenCommasOrBlanks) {
  EXPECT_EQ(parse_no_proxy(" a.example, B.example,,10.0.0.0/8\t::1 "),
            (std::vector<std::string>{"a.example", "b.example", "10.0.0.0/8", "::1"}));
  EXPECT_TRUE(parse_no_proxy("").empty());
  EXPECT_TRUE(parse_no_proxy(" ,, ").empty());
}

bool direct(std::string_view no_proxy, const std::string& host, std::uint16_t port = 443) {
  UpstreamProxy proxy;
  proxy.except = parse_no_proxy(no_proxy);
  return goes_direct(proxy, {host, port});
}

TEST(UpstreamProxy, WithoutExceptionsNothingGoesDirect) {
  EXPECT_FALSE(direct("", "api.example.com"));
  EXPECT_FALSE(direct("", "localhost"));
  EXPECT_FALSE(direct("", "127.0.0.1"));
  EXPECT_FALSE(direct("", "::1"));
}

TEST(UpstreamProxy, AnExceptionCoversTheNameAndAllBelow) {
  for (const char* entry : {"example.com", ".example.com", "EXAMPLE.com."}) {
    EXPECT_TRUE(direct(entry, "example.com")) << entry;
    EXPECT_TRUE(direct(entry, "api.example.com")) << entry;
    EXPECT_TRUE(direct(entry, "a.b.Example.COM.")) << entry;
    EXPECT_FALSE(direct(entry, "badexample.com")) << entry;
    EXPECT_FALSE(direct(entry, "example.com.evil.test")) << entry;
    EXPECT_FALSE(direct(entry, "com")) << entry;
  }
  EXPECT_FALSE(direct(".", "example.com"));
}

TEST(UpstreamProxy, AStarIsEverything) {
  EXPECT_TRUE(direct("*", "api.example.com"));
  EXPECT_TRUE(direct("*", "::1"));
  EXPECT_TRUE(direct("*:80", "api.example.com", 80));
  EXPECT_FALSE(direct("*:80", "api.example.com", 443));
  EXPECT_FALSE(direct("*.example.com", "api.example.com"));  // as with curl: no patterns
}

TEST(UpstreamProxy, AddressesAndNetworksAreCompared) {
  EXPECT_TRUE(direct("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(direct("192.0.2.1", "192.0.2.10"));
  EXPECT_FALSE(direct("0.2.1", "192.0.2.1"));  // no suffix: that is no name
  EXPECT_TRUE(direct("192.0.2.0/24", "192.0.2.200"));
  EXPECT_FALSE(direct("192.0.2.0/24", "192.0.3.1"));
  EXPECT_TRUE(direct("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(direct("192.0.2.128/25", "192.0.2.100"));
  EXPECT_TRUE(direct("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(direct("192.0.2.7/32", "192.0.2.7"));
  EXPECT_FALSE(direct("192.0.2.0/33", "192.0.2.0"));
  EXPECT_FALSE(direct("192.0.2.0/", "192.0.2.0"));
  EXPECT_FALSE(direct("192.0.2.0/x", "192.0.2.0"));
  EXPECT_FALSE(direct("192.0.2.0/24", "host192.example"));
  EXPECT_TRUE(direct("::1", "::1"));
  EXPECT_TRUE(direct("[::1]", "0:0::1"));
  EXPECT_TRUE(direct("2001:db8::/32", "2001:db8:7::1"));
  EXPECT_FALSE(direct("2001:db8::/32", "2001:db9::1"));
  EXPECT_FALSE(direct("0.0.0.0/0", "::1"));
}

TEST(UpstreamProxy, AnExceptionMayBeForOnePort) {
  EXPECT_TRUE(direct("example.com:8443", "api.example.com", 8443));
  EXPECT_FALSE(direct("example.com:8443", "api.example.com", 443));
  EXPECT_TRUE(direct("[::1]:8080", "::1", 8080));
  EXPECT_FALSE(direct("[::1]:8080", "::1", 80));
  EXPECT_TRUE(direct("10.0.0.0/8:25", "10.1.2.3", 25));
  EXPECT_FALSE(direct("example.com:", "example.com"));
}

}  // namespace
}  // namespace understudy
