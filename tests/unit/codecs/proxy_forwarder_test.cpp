// The live forward proxy as conversations: absolute targets, tunnels, SOCKS5, and who may what.
#include <gtest/gtest.h>

#include "protocols/registry.h"
#include "tests/support/playbook.h"

namespace understudy::testing {
namespace {

constexpr ByteView kHello("\x16\x03\x01\x00\x05hello", 10);
constexpr ByteView kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr ByteView kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

struct Proxy {
  explicit Proxy(ProxySettings settings = {}) : rule(with(std::move(settings))) {}
  ~Proxy() { EXPECT_EQ(play.broken(), ""); }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  static ForwardRule with(ProxySettings settings) {
    ForwardRule rule;
    rule.name = "proxy";
    rule.protocol = "http";
    rule.client_scheme = rule.upstream_scheme = "http-proxy";
    rule.proxy = std::move(settings);
    return rule;
  }

  ForwardRule rule;
  Playbook play{find_protocol("http")->forwarder(rule)};
};

TEST(ProxyForwarder, SendsAbsoluteTargetsWhereTheySay) {
  Proxy proxy;
  proxy.play
      .client(
          "GET http://A.test:8080/x?y HTTP/1.1\r\nHost: b.test\r\nProxy-Connection: keep-alive\r\n"
          "Proxy-Authorization: Basic eDp5\r\nX: z\r\n\r\n")
      .opened()
      .upstream(kOk);
  EXPECT_EQ(proxy.play.route().destination, (Endpoint{"A.test", 8080}));
  EXPECT_FALSE(proxy.play.route().tls);
  EXPECT_EQ(proxy.play.place(), "http://a.test:8080");
  EXPECT_EQ(proxy.play.to_upstream(), "GET /x?y HTTP/1.1\r\nHost: A.test:8080\r\nX: z\r\n\r\n");
  EXPECT_EQ(proxy.play.to_client(), kOk);
  EXPECT_EQ(proxy.play.exchange(1).resource, "http://a.test:8080/x?y");
  EXPECT_EQ(proxy.play.exchange(1).request_edits.size(), 4u);
}

TEST(ProxyForwarder, SpeaksTlsToHttpsTargets) {
  Proxy proxy;
  proxy.play.client("GET https://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n").opened();
  EXPECT_TRUE(proxy.play.route().tls);
  EXPECT_EQ(proxy.play.route().destination, (Endpoint{"a.test", 443}));
  EXPECT_EQ(proxy.play.to_upstream(), "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(proxy.play.exchange(1).resource, "https://a.test/");
  proxy.play.stop();
}

TEST(ProxyForwarder, KeepsOneUpstreamWhileTheHostStays) {
  Proxy proxy;
  const ByteView get = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
  proxy.play.client(get).opened().upstream(kOk).client(get).upstream(kOk);
  EXPECT_EQ(proxy.play.calls(), (std::vector<std::string>{"open"}));
  EXPECT_EQ(proxy.play.exchange(2).upstream, 1);
}

TEST(ProxyForwarder, LetsTheOldUpstreamGoForAnotherHost) {
  Proxy proxy;
  proxy.play.client(
      "GET http://a.test/1 HTTP/1.1\r\nHost: a.test\r\n\r\n"
      "GET http://b.test/2 HTTP/1.1\r\nHost: b.test\r\n\r\n");
  ASSERT_EQ(proxy.play.calls(), (std::vector<std::string>{"open"}));
  proxy.play.opened();
  ASSERT_EQ(proxy.play.to_upstream(), "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ASSERT_EQ(proxy.play.calls(), (std::vector<std::string>{"open", "open"}));
  EXPECT_EQ(proxy.play.exchange(2).upstream, 2);
  proxy.play.upstream_of(1, kOk).opened();
  EXPECT_TRUE(proxy.play.called("close_upstream 1"));
  EXPECT_TRUE(proxy.play.to_upstream().ends_with("GET /2 HTTP/1.1\r\nHost: b.test\r\n\r\n"));
  proxy.play.upstream(kOk);
  EXPECT_TRUE(proxy.play.exchange(2).ended);
}

TEST(ProxyForwarder, AClientThatMovesOnAllTheTimeIsMadeToConnectAnew) {
  Proxy proxy;
  int served = 0;
  for (; served < 1000 && !proxy.play.over(); ++served) {
    const Bytes host = "h" + std::to_string(served) + ".test";
    proxy.play.client("GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
        .opened()
        .upstream(kOk);
  }
  EXPECT_EQ(served, 100);
  EXPECT_TRUE(proxy.play.exchange(100).ended);
}

TEST(ProxyForwarder, AClientOutlivesAnUpstreamThatClosesBetweenRequests) {
  Proxy proxy;
  const ByteView get = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
  proxy.play.client(get).opened().upstream(kOk).upstream_fin();
  EXPECT_FALSE(proxy.play.over());
  proxy.play.client(get);
  EXPECT_EQ(proxy.play.exchange(2).upstream, 2);
  proxy.play.stop();
}

TEST(ProxyForwarder, AReplyThatEndsWithItsConnectionEndsTheClients) {
  Proxy proxy;
  proxy.play.client("GET http://a.test/ HTTP/1.0\r\nHost: a.test\r\n\r\n")
      .opened()
      .upstream_fin("HTTP/1.0 200 OK\r\n\r\nall of it");
  EXPECT_TRUE(proxy.play.over());
  EXPECT_EQ(proxy.play.exchange(1).ending, Ending::Complete);
}

TEST(ProxyForwarder, TellsWhatItCannotForward) {
  const std::pair<ByteView, std::uint16_t> cases[] = {
      {"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"GET ftp://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"GET http://user@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"GET http:///x HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"CONNECT a.test:0 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"CONNECT a.test:99999 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"CONNECT /x HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
  };
  for (const auto& [request, status] : cases) {
    Proxy proxy;
    proxy.play.client(request);
    EXPECT_EQ(proxy.play.exchange(1).status, status) << request;
    EXPECT_TRUE(proxy.play.exchange(1).ours);
    EXPECT_TRUE(proxy.play.over());
    EXPECT_FALSE(proxy.play.called("open")) << request;
  }
}

TEST(ProxyForwarder, RefusesConnectWhereItIsSwitchedOff) {
  ProxySettings settings;
  settings.refuse_connect = true;
  Proxy proxy(settings);
  proxy.play.client("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
  EXPECT_EQ(proxy.play.exchange(1).status, 405);
}

TEST(ProxyForwarder, LeadsOthersToTlsPortsOnly) {
  for (const bool others : {false, true}) {
    Proxy proxy;
    proxy.play.reached_by_others = others;
    proxy.play.client("CONNECT a.test:25 HTTP/1.1\r\nHost: a.test:25\r\n\r\n");
    EXPECT_EQ(proxy.play.called("open"), !others);
    EXPECT_EQ(proxy.play.exchange(1).status, others ? 403 : 0);
    proxy.play.stop();
  }
}

TEST(ProxyForwarder, AsksForCredentials) {
  ProxySettings settings;
  settings.credentials = "tester:open sesame";
  Proxy refused(settings);
  refused.play.client("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(refused.play.exchange(1).status, 407);
  EXPECT_NE(refused.play.to_client().find("Proxy-Authenticate: Basic"), Bytes::npos);
  Proxy let(settings);
  let.play.client(
      "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n"
      "Proxy-Authorization: Basic dGVzdGVyOm9wZW4gc2VzYW1l\r\n\r\n");
  EXPECT_TRUE(let.play.called("open"));
  let.play.stop();
}

TEST(ProxyForwarder, GivesTheCertificateAway) {
  Proxy proxy;
  proxy.play.certificate = "-----BEGIN CERTIFICATE-----\n";
  proxy.play.client("GET /understudy/ca.pem HTTP/1.1\r\nHost: whatever\r\n\r\n");
  EXPECT_TRUE(proxy.play.to_client().ends_with(proxy.play.certificate));
  EXPECT_EQ(proxy.play.exchange(1).status, 200);
}

TEST(ProxyForwarder, GoesByHostWhereTheRuleIsReachedThroughAHostsFile) {
  ProxySettings settings;
  settings.by_host = true;
  settings.credentials = "nobody:can send them";
  Proxy proxy(settings);
  proxy.play.client("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n").opened();
  EXPECT_EQ(proxy.play.to_upstream(), "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(proxy.play.exchange(1).resource, "http://a.test/x");
  proxy.play.stop();
}

/// A tunnel to a.test:443 that was granted.
void open_tunnel(Playbook& play) {
  play.client("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
  ASSERT_EQ(play.to_client(), "");
  play.opened();
  ASSERT_EQ(play.to_client(), kEstablished);
  ASSERT_EQ(play.exchange(1).method, "CONNECT");
  ASSERT_EQ(play.exchange(1).resource, "a.test:443");
  ASSERT_TRUE(play.exchange(1).ended && play.exchange(1).ours);
  ASSERT_EQ(play.waiting_for(), Wait::FirstBytes);
}

TEST(Tunnel, InterceptsTls) {
  Proxy proxy;
  open_tunnel(proxy.play);
  proxy.play.client(kHello);
  ASSERT_TRUE(proxy.play.called("secure_client a.test"));
  proxy.play.taken_by_tls();
  proxy.play.secured({"www.a.test", "http/1.1"});
  proxy.play.client("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ASSERT_TRUE(proxy.play.called("secure_upstream 1"));
  EXPECT_TRUE(proxy.play.route().tls);
  EXPECT_EQ(proxy.play.route().server_name, "www.a.test");
  EXPECT_EQ(proxy.play.place(), "https://a.test");
  EXPECT_EQ(proxy.play.to_upstream(), "");
  proxy.play.opened_again(1).upstream(kOk);
  EXPECT_EQ(proxy.play.to_upstream(), "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(proxy.play.to_client(), Bytes(kEstablished) + Bytes(kOk));
  EXPECT_EQ(proxy.play.exchange(2).resource, "https://a.test/x");
  EXPECT_EQ(proxy.play.exchange(2).upstream, 1);
}

TEST(Tunnel, AnswersInHttpWhenTheUpstreamIsNotToBeTrusted) {
  Proxy proxy;
  open_tunnel(proxy.play);
  proxy.play.client(kHello).taken_by_tls();
  proxy.play.secured({"a.test", ""}).client("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  proxy.play.failed(NoUpstream::Untrusted);
  EXPECT_EQ(proxy.play.exchange(2).status, 502);
  EXPECT_TRUE(proxy.play.exchange(2).ours);
  EXPECT_TRUE(proxy.play.over());
}

TEST(Tunnel, FollowsPlainHttp) {
  Proxy proxy;
  open_tunnel(proxy.play);
  proxy.play.client("GE").client("T /x HTTP/1.1\r\nHost: a.test\r\n\r\n").upstream(kOk);
  EXPECT_EQ(proxy.play.to_upstream(), "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(proxy.play.place(), "http://a.test:443");
  EXPECT_EQ(proxy.play.exchange(2).resource, "http://a.test:443/x");
  EXPECT_TRUE(proxy.play.exchange(2).ended);
}

TEST(Tunnel, PassesAnythingElseOnAsItIs) {
  Proxy proxy;
  open_tunnel(proxy.play);
  proxy.play.client("SSH-2.0-x\r\n").upstream("SSH-2.0-y\r\n");
  EXPECT_EQ(proxy.play.to_upstream(), "SSH-2.0-x\r\n");
  EXPECT_EQ(proxy.play.to_client(), Bytes(kEstablished) + "SSH-2.0-y\r\n");
  EXPECT_EQ(proxy.play.taped().protocol_now, "raw");
  EXPECT_EQ(proxy.play.place(), "tcp://a.test:443");
  proxy.play.client_fin().upstream_fin();
  EXPECT_EQ(proxy.play.exchange(2).bytes[1], "SSH-2.0-y\r\n");
}

TEST(Tunnel, AServerThatGreetsOrSilenceMakesItRaw) {
  Proxy greeted;
  open_tunnel(greeted.play);
  greeted.play.upstream("220 mail\r\n");
  EXPECT_EQ(greeted.play.to_client(), Bytes(kEstablished) + "220 mail\r\n");
  greeted.play.client_fin().upstream_fin();
  Proxy silent;
  open_tunnel(silent.play);
  silent.play.timed_out(Wait::FirstBytes).client("GET / HTTP/1.1\r\n");
  EXPECT_EQ(silent.play.to_upstream(), "GET / HTTP/1.1\r\n");
  silent.play.client_fin().upstream_fin();
}

TEST(Tunnel, TakesWhatCameWithTheConnect) {
  Proxy proxy;
  proxy.play.client("CONNECT a.test:22 HTTP/1.1\r\nHost: a.test\r\n\r\nSSH-2.0-x\r\n").opened();
  EXPECT_EQ(proxy.play.to_client(), kEstablished);
  EXPECT_EQ(proxy.play.to_upstream(), "SSH-2.0-x\r\n");
  proxy.play.client_fin().upstream_fin();
}

TEST(Tunnel, PassesNamedHostsOnUnread) {
  ProxySettings settings;
  settings.passthrough = {"*.test"};
  Proxy proxy(settings);
  open_tunnel(proxy.play);
  proxy.play.client(kHello).upstream("back").client_fin().upstream_fin();
  EXPECT_EQ(proxy.play.to_upstream(), kHello);
  EXPECT_EQ(proxy.play.exchange(2).bytes[0], "");
  EXPECT_EQ(proxy.play.exchange(2).note,
            "passed on unread: 10 bytes from the client, 4 from the upstream");
  EXPECT_EQ(proxy.play.taped().protocol_now, "opaque");
}

TEST(Tunnel, RemembersWhoDidNotTakeOurCertificate) {
  ProxySettings settings;
  settings.passthrough_on_reject = true;
  Proxy first(settings);
  open_tunnel(first.play);
  first.play.client(kHello).lost(Side::Client);
  EXPECT_EQ(first.play.rejected, (std::vector<std::string>{"a.test"}));
  EXPECT_EQ(first.play.taped().notes.size(), 1u);
  Proxy again(settings);
  again.play.rejected = first.play.rejected;
  open_tunnel(again.play);
  again.play.client(kHello);
  EXPECT_EQ(again.play.to_upstream(), kHello);
  again.play.stop();
}

TEST(Tunnel, AFailedConnectIsAnsweredAndEnds) {
  const std::pair<NoUpstream, std::uint16_t> cases[] = {
      {NoUpstream::Refused, 502}, {NoUpstream::TimedOut, 504}, {NoUpstream::Loop, 508}};
  for (const auto& [why, status] : cases) {
    Proxy proxy;
    proxy.play.client("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n").failed(why);
    EXPECT_EQ(proxy.play.exchange(1).status, status);
    EXPECT_TRUE(proxy.play.over());
  }
}

TEST(Tunnel, WaitsForTheRepliesBeforeIt) {
  Proxy proxy;
  proxy.play
      .client(
          "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"
          "CONNECT b.test:443 HTTP/1.1\r\nHost: b.test\r\n\r\n")
      .opened();
  proxy.play.opened();
  EXPECT_EQ(proxy.play.to_client(), "");
  proxy.play.upstream_of(1, kOk);
  EXPECT_EQ(proxy.play.to_client(), Bytes(kOk) + Bytes(kEstablished));
  EXPECT_TRUE(proxy.play.called("close_upstream 1"));
  proxy.play.stop();
}

TEST(ProxyForwarder, SpeaksTlsItself) {
  Proxy proxy;
  proxy.play.client(kHello);
  ASSERT_TRUE(proxy.play.called("secure_client "));
  proxy.play.taken_by_tls();
  proxy.play.secured().client("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n").opened();
  EXPECT_EQ(proxy.play.to_client(), kEstablished);
  proxy.play.client(kHello);
  EXPECT_TRUE(proxy.play.called("secure_client a.test"));
  proxy.play.stop();
}

TEST(ProxyForwarder, SpeaksSocks) {
  Proxy proxy;
  proxy.play.client(ByteView("\x05\x01\x00", 3));
  EXPECT_EQ(proxy.play.to_client(), Bytes("\x05\x00", 2));
  proxy.play.client(
      ByteView("\x05\x01\x00\x03\x06"
               "a.test\x00\x50",
               13));
  EXPECT_EQ(proxy.play.route().destination, (Endpoint{"a.test", 80}));
  proxy.play.opened().client("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n").upstream(kOk);
  EXPECT_EQ(proxy.play.exchange(1).resource, "http://a.test/x");
  EXPECT_TRUE(proxy.play.exchange(1).ended);
}

TEST(ProxyForwarder, RefusesInSocksWords) {
  Proxy proxy;
  proxy.play.client(
      ByteView("\x05\x01\x00\x05\x01\x00\x03\x06"
               "a.test\x00\x50",
               16));
  proxy.play.failed(NoUpstream::Refused);
  EXPECT_EQ(proxy.play.to_client().substr(2, 2), Bytes("\x05\x05", 2));
  EXPECT_TRUE(proxy.play.exchange(1).ours);
  EXPECT_TRUE(proxy.play.over());
}

}  // namespace
}  // namespace understudy::testing
