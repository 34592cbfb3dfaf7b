#include "store/rule_proxy.h"

#include "scheme_table.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using Ports = std::vector<std::uint16_t>;
using Hosts = std::vector<std::string>;

TEST(ParsePortList, TakesPortsAndRanges) {
  EXPECT_EQ(*parse_port_list("443"), Ports{443});
  EXPECT_EQ(*parse_port_list(" 8443, 443 ,443"), (Ports{443, 8443}));
  EXPECT_EQ(*parse_port_list("443,9000-9002,9001"), (Ports{443, 9000, 9001, 9002}));
  EXPECT_EQ(parse_port_list("1-65535")->size(), 65535U);
  for (const char* bad : {"", "x", "0", "65536", "443,,8443", "9-8", "1-", "-1", "443;8443", "*"}) {
    const auto ports = parse_port_list(bad);
    ASSERT_FALSE(ports) << bad;
    EXPECT_EQ(ports.error().source, ErrorSource::Config);
    EXPECT_NE(ports.error().what.find("443,8443,9000-9010"), std::string::npos);
  }
}

TEST(PortListText, IsTheShortestThatSaysTheSame) {
  EXPECT_EQ(port_list_text({}), "");
  EXPECT_EQ(port_list_text({443}), "443");
  EXPECT_EQ(port_list_text({443, 8443, 9000, 9001, 9002}), "443,8443,9000-9002");
  EXPECT_EQ(port_list_text(*parse_port_list("1-65535")), "1-65535");
}

TEST(ParseHostList, TakesHostsAndWildcards) {
  EXPECT_EQ(*parse_host_list("API.example.com, *.Example.org."),
            (Hosts{"api.example.com", "*.example.org"}));
  EXPECT_EQ(*parse_host_list("*"), Hosts{"*"});
  EXPECT_EQ(*parse_host_list("[::1],10.0.0.1"), (Hosts{"::1", "10.0.0.1"}));
  for (const char* bad : {"", " ", "host:443", "a b", "*host", "h*.example.com", "*.", "http://h",
                          "::1", "[::1]:443", "*.[::1]", "a,,b"}) {
    const auto hosts = parse_host_list(bad);
    ASSERT_FALSE(hosts) << bad;
    EXPECT_NE(hosts.error().what.find("without ports"), std::string::npos);
  }
}

ForwardRule forward(const char* argument) {
  return parse_forward(argument, schemes()).value();
}

TEST(ProxyBehind, IsFoundForRawRulesAlone) {
  const std::vector<ForwardRule> all{proxy_rule({"localhost", 3128}, "")};
  EXPECT_EQ(proxy_behind(forward("tcp://:80=tcp://127.0.0.1:3128"), all), all.data());
  EXPECT_EQ(proxy_behind(forward("tcp://:80=tcp://127.0.0.1:3129"), all), nullptr);
  EXPECT_EQ(proxy_behind(forward("http://:80=http://127.0.0.1:3128"), all), nullptr);
  EXPECT_EQ(proxy_behind(forward("tls://:80=tls://127.0.0.1:3128"), all), nullptr);
  EXPECT_EQ(proxy_behind(all[0], all), nullptr);
}

TEST(MakeByHost, KeepsTheListenerAndTakesTheProxysSettings) {
  ForwardRule proxy = proxy_rule({"localhost", 3128}, "");
  proxy.proxy->connect_ports = {443};
  proxy.tls.verify = false;
  ForwardRule rule = forward("tcp://:80=tcp://localhost:3128");
  make_by_host(rule, proxy);
  EXPECT_EQ(rule.listen, (Endpoint{"", 80}));
  EXPECT_EQ(rule.upstream, Endpoint());
  EXPECT_EQ(rule.protocol, "http");
  EXPECT_EQ(rule.client_scheme, "http-proxy");
  ASSERT_TRUE(rule.proxy);
  EXPECT_TRUE(rule.proxy->by_host);
  EXPECT_EQ(rule.proxy->connect_ports, Ports{443});
  EXPECT_TRUE(rule.tls.verify);
  // It is no proxy that a third rule could lead to.
  EXPECT_EQ(proxy_behind(forward("tcp://:81=tcp://localhost:80"), {rule}), nullptr);
}

}  // namespace
}  // namespace understudy
