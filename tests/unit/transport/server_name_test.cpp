#include "protocols/transport/server_name.h"

#include <gtest/gtest.h>

#include <string>

namespace understudy {
namespace {

std::string spelled(std::string_view text) {
  const Result<ServerName> name = ServerName::parse(text, ErrorSource::Client);
  return name ? name->text() : "refused: " + name.error().what;
}

std::string refusal(std::string_view text) {
  const Result<ServerName> name = ServerName::parse(text, ErrorSource::Client);
  if (name) {
    ADD_FAILURE() << "accepted: " << text;
    return "";
  }
  EXPECT_EQ(name.error().source, ErrorSource::Client);
  return name.error().what;
}

/// A name of `size` characters in labels of at most 63.
std::string long_name(std::size_t size) {
  std::string name;
  while (name.size() < size)
    name += name.size() % 64 == 63 ? '.' : 'a';
  return name;
}

TEST(ServerName, NamesHaveOneSpelling) {
  EXPECT_EQ(spelled("api.example.com"), "api.example.com");
  EXPECT_EQ(spelled("API.Example.COM."), "api.example.com");
  EXPECT_EQ(spelled("localhost"), "localhost");
  EXPECT_EQ(spelled("my_service.internal"), "my_service.internal");
  EXPECT_EQ(spelled("-odd-.example.com"), "-odd-.example.com");
  EXPECT_EQ(spelled("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(spelled("4chan.example"), "4chan.example");
  EXPECT_EQ(spelled("abc.de:f"),
            "refused: 'abc.de:f' cannot be a certificate's host: it is no IPv6 address");
}

TEST(ServerName, WildcardsAreAWholeFirstLabel) {
  EXPECT_EQ(spelled("*.Example.com"), "*.example.com");
  EXPECT_TRUE(ServerName::parse("*.example.com", ErrorSource::Client)->is_wildcard());
  for (const char* bad : {"*", "a.*.com", "*a.example.com", "**.example.com", "*.*.com"}) {
    EXPECT_NE(refusal(bad).find("wildcard"), std::string::npos) << bad;
  }
  EXPECT_NE(refusal("*.").find("wildcard"), std::string::npos);
}

TEST(ServerName, AddressesHaveOneSpelling) {
  EXPECT_EQ(spelled("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(spelled("::1"), "::1");
  EXPECT_EQ(spelled("[2001:DB8:0:0::1]"), "2001:db8::1");
  EXPECT_EQ(spelled("fe80::1%eth0"), "fe80::1");
  EXPECT_EQ(ServerName::parse("10.0.0.7", ErrorSource::Client)->octets(),
            std::string("\x0a\0\0\x07", 4));
  EXPECT_EQ(ServerName::parse("::1", ErrorSource::Client)->octets().size(), 16U);
  EXPECT_FALSE(ServerName::parse("localhost", ErrorSource::Client)->is_address());
}

TEST(ServerName, WhatIsMeantAsAnAddressIsNoName) {
  for (const char* bad : {"300.1.1.1", "10.0.0", "1234", "127.0.0.1.5", "0x7f.1"}) {
    EXPECT_NE(refusal(bad).find("no IPv4 address"), std::string::npos) << bad;
  }
  for (const char* bad : {"::g", "1:2:3", "[::1", ":"}) {
    EXPECT_NE(refusal(bad).find("no IPv6 address"), std::string::npos) << bad;
  }
}

TEST(ServerName, LengthsAreThoseOfDns) {
  EXPECT_EQ(spelled(long_name(253)), long_name(253));
  EXPECT_EQ(spelled(long_name(253) + "."), long_name(253));
  EXPECT_NE(refusal(long_name(254)).find("254 characters"), std::string::npos);
  EXPECT_NE(refusal(long_name(300)).find("300 characters"), std::string::npos);
  EXPECT_EQ(spelled(std::string(63, 'a') + ".example").size(), 71U);
  EXPECT_NE(refusal(std::string(64, 'a') + ".example").find("64 characters"), std::string::npos);
  EXPECT_LT(refusal(std::string(70'000, 'a')).size(), 300U);
}

TEST(ServerName, WhatIsNoNameIsRefused) {
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal(".").find("empty label"), std::string::npos);
  EXPECT_NE(refusal("a..b").find("empty label"), std::string::npos);
  EXPECT_NE(refusal(".example.com").find("empty label"), std::string::npos);
  EXPECT_NE(refusal("example.com..").find("empty label"), std::string::npos);
  for (const char* bad : {"a b.com", "a/b", "user@host", "a\nb", "a,DNS", "[]"}) {
    EXPECT_NE(refusal(bad).find("only letters"), std::string::npos) << bad;
  }
  EXPECT_NE(refusal("b\xc3\xbc"
                    "cher.example")
                .find("xn--"),
            std::string::npos);
}

TEST(ServerName, AZeroOctetEndsNoName) {
  EXPECT_NE(refusal(std::string_view("127.0.0.1\0.evil.example", 23)).find("only letters"),
            std::string::npos);
  EXPECT_NE(refusal(std::string_view("good.example\0.evil", 18)).find("\\x00"), std::string::npos);
  EXPECT_NE(refusal(std::string_view("::1\0", 4)).find("no IPv6"), std::string::npos);
}

}  // namespace
}  // namespace understudy
