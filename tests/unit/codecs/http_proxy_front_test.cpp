// The forward proxy's front in replay: what a request leads to, what the proxy answers itself.
#include "protocols/registry.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using Kind = ProxyStep::Kind;

class HttpProxyFrontTest : public ::testing::Test {
 protected:
  HttpProxyFrontTest() {
    rule_.name = "proxy";
    rule_.protocol = "http";
    rule_.client_scheme = rule_.upstream_scheme = "http-proxy";
    rule_.proxy.emplace();
  }
  [[nodiscard]] std::unique_ptr<ProxyFront> front() const {
    return find_protocol("http")->exchange_replay()->proxy_front(rule_, house_);
  }
  [[nodiscard]] ProxyStep judge(const Bytes& request) const { return front()->judge(request); }
  /// The status of our own reply, "" = it is none.
  [[nodiscard]] std::string refusal(const Bytes& request) const {
    const ProxyStep step = judge(request);
    if (step.kind != Kind::Reply) return "";
    EXPECT_TRUE(step.close);
    return step.reply.substr(0, step.reply.find('\r'));
  }
  static Bytes request(const Bytes& line, const Bytes& fields = "Host: a\r\n") {
    return line + " HTTP/1.1\r\n" + fields + "\r\n";
  }

  ForwardRule rule_;
  ProxyHouse house_{false, "PEM"};
};

TEST_F(HttpProxyFrontTest, AnAbsoluteTargetSaysWhereTheRequestLeads) {
  const ProxyStep step = judge(request("GET http://API.example.com:80/x"));
  EXPECT_EQ(step.kind, Kind::LookUp);
  EXPECT_EQ(step.place, "http://api.example.com");
  EXPECT_EQ(judge(request("GET https://api.example.com/x")).place, "https://api.example.com");
  EXPECT_EQ(refusal(request("GET ftp://a/x")), "HTTP/1.1 400 Bad Request");
}

TEST_F(HttpProxyFrontTest, ConnectOpensATunnel) {
  const ProxyStep step = judge(request("CONNECT db.example.com:5432"));
  EXPECT_EQ(step.kind, Kind::Tunnel);
  EXPECT_EQ(step.destination, (Endpoint{"db.example.com", 5432}));
  EXPECT_TRUE(step.reply.starts_with("HTTP/1.1 200 ")) << step.reply;
  EXPECT_TRUE(step.reply.ends_with("\r\n\r\n"));
  EXPECT_EQ(refusal(request("CONNECT db.example.com")), "HTTP/1.1 400 Bad Request");
}

TEST_F(HttpProxyFrontTest, ConnectMayBeSwitchedOff) {
  rule_.proxy->refuse_connect = true;
  EXPECT_EQ(refusal(request("CONNECT a:443")), "HTTP/1.1 405 Method Not Allowed");
  const auto socks = front();
  EXPECT_EQ(socks->handshake("\5\1" + Bytes(1, '\0')).kind, Kind::Reply);
  const ProxyStep step = socks->handshake(Bytes("\5\1\0\3\1a\1\xBB", 8));
  EXPECT_EQ(step.kind, Kind::Reply);
  EXPECT_EQ(step.reply[1], 2);  // not allowed
  EXPECT_TRUE(step.close);
}

TEST_F(HttpProxyFrontTest, APublicProxyLeadsToFewPorts) {
  house_.is_public = true;
  EXPECT_EQ(judge(request("CONNECT a:443")).kind, Kind::Tunnel);
  EXPECT_EQ(refusal(request("CONNECT a:25")), "HTTP/1.1 403 Forbidden");
}

TEST_F(HttpProxyFrontTest, CredentialsAreAskedFor) {
  rule_.proxy->credentials = "ada:love";
  EXPECT_EQ(refusal(request("GET http://a/")), "HTTP/1.1 407 Proxy Authentication Required");
  EXPECT_EQ(refusal(request("CONNECT a:443")), "HTTP/1.1 407 Proxy Authentication Required");
  const Bytes fields = "Host: a\r\nProxy-Authorization: Basic YWRhOmxvdmU=\r\n";
  EXPECT_EQ(judge(request("GET http://a/", fields)).kind, Kind::LookUp);
  EXPECT_EQ(judge(request("CONNECT a:443", fields)).kind, Kind::Tunnel);
}

TEST_F(HttpProxyFrontTest, TheCertificateIsThereForAll) {
  rule_.proxy->credentials = "ada:love";
  const ProxyStep step = judge(request("GET /understudy/ca.pem", "Host: whatever\r\n"));
  EXPECT_EQ(step.kind, Kind::Reply);
  EXPECT_TRUE(step.reply.starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(step.reply.ends_with("\r\n\r\nPEM"));
  EXPECT_TRUE(judge(request("HEAD /understudy/ca.pem")).reply.ends_with("\r\n\r\n"));
}

TEST_F(HttpProxyFrontTest, OriginFormIsForProxiesByHost) {
  const ProxyStep step = judge(request("GET /x", "Host: a:81\r\n"));
  EXPECT_EQ(step.kind, Kind::Reply);
  EXPECT_NE(step.reply.find("expected an absolute target"), Bytes::npos) << step.reply;
  rule_.proxy->by_host = true;
  EXPECT_EQ(judge(request("GET /x", "Host: a:81\r\n")).place, "http://a:81");
}

TEST_F(HttpProxyFrontTest, SocksLeadsToATunnel) {
  const auto socks = front();
  EXPECT_TRUE(socks->begins_handshake("\5"));
  EXPECT_FALSE(socks->begins_handshake("G"));
  EXPECT_EQ(socks->handshake("\5").kind, Kind::NeedMore);
  const ProxyStep hello = socks->handshake(Bytes("\5\1\0", 3));
  EXPECT_EQ(hello.kind, Kind::Reply);
  EXPECT_FALSE(hello.close);
  EXPECT_EQ(hello.size, 3u);
  EXPECT_EQ(hello.label, "");
  const ProxyStep step = socks->handshake(Bytes("\5\1\0\3\1a\1\xBBxyz", 11));
  EXPECT_EQ(step.kind, Kind::Tunnel);
  EXPECT_EQ(step.size, 8u);
  EXPECT_EQ(step.destination, (Endpoint{"a", 443}));
  EXPECT_EQ(step.label, "SOCKS5 a:443");
}

TEST_F(HttpProxyFrontTest, SocksWithoutTheLoginIsRefused) {
  rule_.proxy->credentials = "ada:love";
  const ProxyStep step = front()->handshake(Bytes("\5\1\0", 3));
  EXPECT_EQ(step.kind, Kind::Reply);
  EXPECT_EQ(step.reply, "\5\xFF");
  EXPECT_TRUE(step.close);
  EXPECT_TRUE(step.label.starts_with("SOCKS5 refused: ")) << step.label;
}

}  // namespace
}  // namespace understudy
