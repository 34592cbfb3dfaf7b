// A recorded forward proxy over real sockets: HTTP, tunnels, TLS inside them and around the proxy,
// SOCKS, and what cannot be served.
#include "tests/unit/replayer/tls_fixture.h"

namespace understudy {
namespace {

using namespace test;

class ReplayerProxyTest : public TlsReplayerTest {
 protected:
  ReplayerProxyTest() {
    ForwardRule& proxy = recorded_.recording.rules[0].rule;
    proxy = rule("proxy", "http", "http-proxy");
    proxy.upstream = {};
    proxy.proxy.emplace();
  }

  /// An exchange through the proxy, in a session of its own.
  RecordedExchange& add(const std::string& place, Bytes request, Bytes reply) {
    RecordedExchange& exchange = recorded_.add(1, std::move(request), std::move(reply));
    exchange.place = place;
    return exchange;
  }
  /// The recorder's own 200 to a CONNECT, and bytes that went through that tunnel.
  void add_tunnel(const std::string& place, Bytes said, Bytes heard) {
    RecordedExchange& granted =
        recorded_.add(1, "CONNECT db:5432 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
    granted.origin = Origin::Understudy;
    granted.status = 200;
    granted.method = "CONNECT";
    recorded_.add_to(granted.session, "raw", std::move(said), std::move(heard)).place = place;
  }
  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> list;
    for (const ReportedRequest& request : replayer_->report().requests)
      list.push_back(request.label + " " + std::string(to_string(request.outcome)));
    return list;
  }
  using Lines = std::vector<std::string>;
};

Bytes connect_to(const Bytes& authority) {
  return "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
}
const Bytes kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";

TEST_F(ReplayerProxyTest, AbsoluteTargetsLeadToTheirPlaces) {
  add("http://one.test", "GET http://one.test/a HTTP/1.1\r\nHost: one.test\r\n\r\n", ok("one"));
  add("http://two.test:81", "GET http://two.test:81/a HTTP/1.1\r\nHost: two.test:81\r\n\r\n",
      ok("two"));
  load(options_);
  EXPECT_TRUE(replayer_->listening()[0].is_proxy);
  Client client(address(0));
  client.say("GET http://TWO.test:81/a HTTP/1.1\r\nHost: two.test:81\r\n\r\n");
  EXPECT_EQ(client.hear(ok("two").size()), ok("two"));
  client.say("GET http://one.test:80/a HTTP/1.1\r\nHost: one.test\r\n\r\n");
  EXPECT_EQ(client.hear(ok("one").size()), ok("one"));
  client.say("GET http://three.test/a HTTP/1.1\r\nHost: three.test\r\nConnection: close\r\n\r\n");
  const std::string heard = client.hear_all();
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 501 ")) << heard;
  EXPECT_NE(heard.find("\"got\": \"http://three.test\""), std::string::npos) << heard;
  EXPECT_EQ(told(), (Lines{"GET http://two.test:81/a exact", "GET http://one.test/a exact",
                           "GET http://three.test/a missed"}));
  EXPECT_EQ(replayer_->report().totals.outgoing, 0u);
}

TEST_F(ReplayerProxyTest, TlsInATunnelIsForTheNameAndThePlaceIsTheTunnels) {
  add("https://api.example.com", get("/a"), ok("A"));
  load(options_);
  TlsClient client(address(0), root());
  client.say(connect_to("api.example.com:443"));
  EXPECT_EQ(client.hear(kEstablished.size()), kEstablished);
  EXPECT_EQ(client.secure("cdn.example.net", "cdn.example.net"), "ok");
  client.say(get("/a"));
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
  EXPECT_EQ(told(),
            (Lines{"CONNECT api.example.com:443 control", "GET https://api.example.com/a exact"}));
}

TEST_F(ReplayerProxyTest, AClientThatNamesNoHostIsShownTheTunnels) {
  add("https://api.example.com", get("/a"), ok("A"));
  load(options_);
  TlsClient client(address(0), root());
  client.say(connect_to("api.example.com:443"));
  client.hear(kEstablished.size());
  EXPECT_EQ(client.secure("api.example.com", ""), "ok");
}

TEST_F(ReplayerProxyTest, PlainHttpInATunnel) {
  add("http://api.example.com", get("/a"), ok("A"));
  load(options_);
  Client client(address(0));
  client.say(connect_to("api.example.com:80") + get("/a"));
  EXPECT_EQ(client.hear((kEstablished + ok("A")).size()), kEstablished + ok("A"));
}

TEST_F(ReplayerProxyTest, AHostThatWasNeverRecordedIsAnsweredInside) {
  add("https://api.example.com", get("/a"), ok("A"));
  load(options_);
  TlsClient client(address(0), root());
  client.say(connect_to("unknown.example.com:443"));
  client.hear(kEstablished.size());
  EXPECT_EQ(client.secure("unknown.example.com", "unknown.example.com"), "ok");
  client.say("GET /a HTTP/1.1\r\nHost: unknown.example.com\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.hear_all().starts_with("HTTP/1.1 501 "));
  EXPECT_EQ(told().back(), "GET https://unknown.example.com/a missed");
}

TEST_F(ReplayerProxyTest, TheProxyIsReachedByTlsAndTunnelsGoThroughThat) {
  add("https://api.example.com", get("/a"), ok("A"));
  load(options_);
  TlsClient client(address(0), root());
  EXPECT_EQ(client.secure("127.0.0.1", ""), "ok");
  client.say(connect_to("api.example.com:443"));
  EXPECT_EQ(client.hear(kEstablished.size()), kEstablished);
  EXPECT_EQ(client.secure("api.example.com", "api.example.com"), "ok");
  client.say(get("/a"));
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
}

TEST_F(ReplayerProxyTest, LongRepliesArriveWholeThroughTlsWithinTls) {
  const Bytes body(3'000'000, 'x');
  add("https://api.example.com", get("/big"), ok(body));
  load(options_);
  TlsClient client(address(0), root());
  ASSERT_EQ(client.secure("localhost", "localhost"), "ok");
  client.say(connect_to("api.example.com:443"));
  client.hear(kEstablished.size());
  ASSERT_EQ(client.secure("api.example.com", "api.example.com"), "ok");
  client.say(get("/big"));
  EXPECT_TRUE(client.hear(ok(body).size()) == ok(body));
}

TEST_F(ReplayerProxyTest, SocksLeadsToTheSameTunnels) {
  add("http://api.example.com:8080", get("/a"), ok("A"));
  load(options_);
  Client client(address(0));
  client.say(Bytes("\5\1\0", 3));
  EXPECT_EQ(client.hear(2), Bytes("\5\0", 2));
  client.say(Bytes("\5\1\0\3\x0F", 5) + "api.example.com" + "\x1F\x90" + get("/a"));
  EXPECT_EQ(client.hear(10).substr(0, 2), Bytes("\5\0", 2));
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
  EXPECT_EQ(told().front(), "SOCKS5 api.example.com:8080 control");
}

TEST_F(ReplayerProxyTest, BytesOfATunnelAreReplayedAsASession) {
  add_tunnel("tcp://db:5432", "ping\n", "pong\n");
  add_tunnel("tls://db:5432", "ping\n", "secret\n");
  load(options_);
  EXPECT_EQ(replayer_->stub_count(), 2u);
  EXPECT_TRUE(replayer_->report().not_served.empty());
  Client plain(address(0));
  plain.say(connect_to("db:5432") + "ping\n");
  EXPECT_EQ(plain.hear((kEstablished + "pong\n").size()), kEstablished + "pong\n");
  TlsClient secret(address(0), root());
  secret.say(connect_to("db:5432"));
  secret.hear(kEstablished.size());
  EXPECT_EQ(secret.secure("db", "db"), "ok");
  secret.say("ping\n");
  EXPECT_EQ(secret.hear(7), "secret\n");
  const ReplayReport report = replayer_->report();
  EXPECT_EQ(report.totals.exact, 2u);
  EXPECT_EQ(report.totals.control, 2u);
  EXPECT_EQ(report.totals.unused, 0u);
  EXPECT_EQ(told()[1], "tcp://db:5432: 5 bytes \"ping\\n\" exact");
}

TEST_F(ReplayerProxyTest, AServerThatSpokeFirstInATunnelDoesSoAgain) {
  add_tunnel("tcp://mail:25", "", "220 hello\r\n");
  load(options_);
  Client client(address(0));
  client.say(connect_to("mail:25"));
  EXPECT_EQ(client.hear((kEstablished + "220 hello\r\n").size()), kEstablished + "220 hello\r\n");
}

TEST_F(ReplayerProxyTest, ASilentClientIsGreetedWhereTheServerMayBegin) {
  add_tunnel("tcp://mail:25", "", "220 hello\r\n");
  add("https://mail:25", get("/a"), ok("A"));
  load(options_);
  Client client(address(0));
  client.say(connect_to("mail:25"));
  EXPECT_EQ(client.hear((kEstablished + "220 hello\r\n").size()), kEstablished + "220 hello\r\n");
}

TEST_F(ReplayerProxyTest, TheCertificateIsServed) {
  load(options_);
  Client client(address(0));
  client.say("GET /understudy/ca.pem HTTP/1.1\r\nHost: whatever\r\n\r\n");
  const std::string heard = client.hear_all();
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 ")) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n" + options_.authority->root_pem())) << heard;
}

TEST_F(ReplayerProxyTest, WithoutAnAuthorityTlsInATunnelFails) {
  add("http://api.example.com", get("/a"), ok("A"));
  load();
  Client client(address(0));
  client.say(connect_to("api.example.com:443"));
  client.hear(kEstablished.size());
  client.say(Bytes("\x16\x03\x01\x02\x00", 5));
  EXPECT_EQ(client.hear_all(), "");
  EXPECT_EQ(replayer_->report().failed_handshakes, 1u);
}

TEST_F(ReplayerProxyTest, AClientThatDistrustsUsIsToldApart) {
  add("https://api.example.com", get("/a"), ok("A"));
  load(options_);
  auto other = CertAuthority::open((folder_ / "other").string());
  ASSERT_TRUE(other);
  TlsClient client(address(0), (*other)->root());
  client.say(connect_to("api.example.com:443"));
  client.hear(kEstablished.size());
  EXPECT_NE(client.secure("api.example.com", "api.example.com"), "ok");
}

TEST_F(ReplayerProxyTest, SaysWhatItCannotServe) {
  RecordedExchange& blind = add("tls://pinned.example.com:443", "", "");
  blind.protocol = "opaque";
  blind.note = "passed on unread: 512 bytes from the client, 4096 from the upstream";
  add("https://api.example.com", "\x81\x05hello", "\x81\x05hello").protocol = "raw";
  RecordedExchange& refused = add("", "CONNECT a:25 HTTP/1.1\r\n\r\n", "");
  refused.origin = Origin::Understudy;
  refused.status = 403;
  load(options_);
  const std::vector<std::string> expected{
      "1: passed on unread: 512 bytes from the client, 4096 from the upstream",
      "2: the connection had changed to raw", "3: the reply was our own error"};
  EXPECT_EQ(replayer_->report().not_served, expected);
}

TEST_F(ReplayerProxyTest, ManyConnectsDoNoHarm) {
  add("https://api.example.com", get("/a"), ok("A"));
  load(options_);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<Client>(address(0)));
    idle.back()->say(connect_to("host-" + std::to_string(i) + ":443"));
    EXPECT_EQ(idle.back()->hear(kEstablished.size()), kEstablished);
  }
  TlsClient client(address(0), root());
  client.say(connect_to("api.example.com:443"));
  client.hear(kEstablished.size());
  EXPECT_EQ(client.secure("api.example.com", "api.example.com"), "ok");
  replayer_->stop(5s);
  EXPECT_EQ(replayer_->report().totals.control, 201u);
}

}  // namespace
}  // namespace understudy
