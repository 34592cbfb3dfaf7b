// The HTTP forwarder as conversations.
#include <fmt/format.h>
#include <functional>

#include <gtest/gtest.h>

#include "protocols/registry.h"
#include "tests/support/playbook.h"

namespace understudy::testing {
namespace {

constexpr ByteView kGet = "GET /a?x=1 HTTP/1.1\r\nHost: localhost:18080\r\nX: y\r\n\r\n";
constexpr ByteView kGetUp = "GET /a?x=1 HTTP/1.1\r\nHost: api.test\r\nX: y\r\n\r\n";
constexpr ByteView kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

ForwardRule rule_to_api() {
  ForwardRule rule;
  rule.name = "api";
  rule.protocol = "http";
  rule.client_scheme = rule.upstream_scheme = "http";
  rule.upstream = {"api.test", 80};
  return rule;
}

struct Conversation {
  explicit Conversation(ForwardRule with = rule_to_api())
      : rule(std::move(with)), play(find_protocol("http")->forwarder(rule)) {}
  ~Conversation() { EXPECT_EQ(play.broken(), ""); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  ForwardRule rule;
  Playbook play;
};

TEST(HttpForwarder, RelaysAnExchangeWithTheHostRewritten) {
  Conversation c;
  c.play.client(kGet);
  EXPECT_TRUE(c.play.blocked());
  EXPECT_EQ(c.play.to_upstream(), "");
  c.play.opened().upstream(kOk);
  EXPECT_EQ(c.play.to_upstream(), kGetUp);
  EXPECT_EQ(c.play.to_client(), kOk);
  const TapedExchange& taped = c.play.exchange(1);
  EXPECT_EQ(taped.bytes[0], kGet);
  EXPECT_EQ(taped.bytes[1], kOk);
  EXPECT_EQ(taped.method, "GET");
  EXPECT_EQ(taped.resource, "/a?x=1");
  EXPECT_EQ(taped.status, 200);
  EXPECT_EQ(taped.request_edits, (std::vector<Edit>{{27, 15, "api.test"}}));
  EXPECT_TRUE(taped.ended && taped.ending == Ending::Complete);
  EXPECT_EQ(c.play.waiting_for(), Wait::None);
  c.play.client_fin();
  EXPECT_TRUE(c.play.called("close"));
}

TEST(HttpForwarder, PipelinesInOrderOverOneUpstream) {
  Conversation c;
  c.play.client(Bytes(kGet) + Bytes(kGet) + Bytes(kGet)).opened();
  EXPECT_EQ(c.play.to_upstream(), Bytes(kGetUp) + Bytes(kGetUp) + Bytes(kGetUp));
  EXPECT_EQ(c.play.waiting_for(), Wait::Reply);
  c.play.upstream(Bytes(kOk) + Bytes(kOk)).upstream(kOk);
  EXPECT_EQ(c.play.taped().exchanges.size(), 3U);
  EXPECT_TRUE(c.play.exchange(3).ended);
  EXPECT_EQ(c.play.calls(), std::vector<std::string>{"open"});
}

TEST(HttpForwarder, IsTheSameByteByByte) {
  const Bytes requests = Bytes(kGet) +
                         "POST /p HTTP/1.1\r\nHost: localhost:18080\r\nTransfer-Encoding: "
                         "chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n" +
                         Bytes(kGet);
  const Bytes replies = Bytes(kOk) + "HTTP/1.1 100 Continue\r\n\r\n" + Bytes(kOk) +
                        "HTTP/1.1 302 Found\r\nLocation: http://api.test/x\r\nContent-Length: "
                        "0\r\n\r\n";
  Conversation whole;
  whole.play.client(requests).opened().upstream(replies);
  for (const std::size_t cut : {1U, 2U, 3U, 7U, 50U}) {
    Conversation c;
    bool opened = false;
    for (std::size_t at = 0; at < requests.size(); at += cut) {
      c.play.client(requests.substr(at, cut));
      if (c.play.called("open") && !std::exchange(opened, true)) c.play.opened();
    }
    for (std::size_t at = 0; at < replies.size(); at += cut)
      c.play.upstream(replies.substr(at, cut));
    EXPECT_EQ(c.play.to_upstream(), whole.play.to_upstream());
    EXPECT_EQ(c.play.to_client(), whole.play.to_client());
    ASSERT_EQ(c.play.taped().exchanges.size(), 3U);
    for (ExchangeNo no = 1; no <= 3; ++no) {
      EXPECT_EQ(c.play.exchange(no).bytes, whole.play.exchange(no).bytes);
      EXPECT_EQ(c.play.exchange(no).request_edits, whole.play.exchange(no).request_edits);
      EXPECT_EQ(c.play.exchange(no).reply_edits, whole.play.exchange(no).reply_edits);
      EXPECT_TRUE(c.play.exchange(no).ended);
    }
  }
}

TEST(HttpForwarder, PutsThePrefixBeforePathsAndTakesItOffLinks) {
  ForwardRule rule = rule_to_api();
  rule.path_prefix = "/base";
  rule.upstream = {"api.test", 8081};
  Conversation c(rule);
  c.play.client(kGet).opened();
  EXPECT_EQ(c.play.to_upstream(),
            "GET /base/a?x=1 HTTP/1.1\r\nHost: api.test:8081\r\nX: y\r\n\r\n");
  EXPECT_EQ(c.play.exchange(1).resource, "/a?x=1") << "the prefix belongs to the rule";
  c.play.upstream(
      "HTTP/1.1 302 Found\r\nLocation: http://API.test:8081/base/next\r\n"
      "Content-Location: /base/here\r\n"
      "Set-Cookie: a=b; Domain=.api.test; Path=/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(c.play.to_client(),
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:18080/next\r\n"
            "Content-Location: /here\r\n"
            "Set-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(c.play.exchange(1).reply_edits.size(), 3U);
}

TEST(HttpForwarder, LeavesForeignLinksAlone) {
  Conversation c;
  const Bytes reply =
      "HTTP/1.1 302 Found\r\nLocation: http://other.test/\r\nSet-Cookie: a=b; "
      "Domain=other.test\r\nContent-Length: 0\r\n\r\n";
  c.play.client(kGet).opened().upstream(reply);
  EXPECT_EQ(c.play.to_client(), reply);
  EXPECT_TRUE(c.play.exchange(1).reply_edits.empty());
}

TEST(HttpForwarder, PreservesTheHostWhereTold) {
  ForwardRule rule = rule_to_api();
  rule.preserve_host = true;
  Conversation c(rule);
  c.play.client(kGet).opened();
  EXPECT_EQ(c.play.to_upstream(), kGet);
}

TEST(HttpForwarder, TurnsAnAbsoluteTargetIntoAPath) {
  Conversation c;
  c.play.client("GET http://front.test/a HTTP/1.1\r\nHost: front.test\r\n\r\n").opened();
  EXPECT_EQ(c.play.to_upstream(), "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n");
  Conversation root;
  root.play.client("GET http://front.test?q HTTP/1.1\r\nHost: front.test\r\n\r\n").opened();
  EXPECT_EQ(root.play.to_upstream(), "GET /?q HTTP/1.1\r\nHost: api.test\r\n\r\n");
}

TEST(HttpForwarder, HoldsARequestForAnotherAuthorityUntilRepliesAreOut) {
  Conversation c;
  c.play.client(kGet).opened().client("GET /b HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_TRUE(c.play.blocked());
  EXPECT_EQ(c.play.to_upstream(), kGetUp);
  const Bytes reply = "HTTP/1.1 302 F\r\nLocation: http://api.test/\r\nContent-Length: 0\r\n\r\n";
  c.play.upstream(reply).upstream(reply);
  EXPECT_EQ(c.play.to_client(),
            "HTTP/1.1 302 F\r\nLocation: http://localhost:18080/\r\nContent-Length: 0\r\n\r\n"
            "HTTP/1.1 302 F\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpForwarder, RefusesAnAmbiguousRequestAndSendsNothingOfIt) {
  Conversation c;
  const Bytes request =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n";
  c.play.client(request);
  EXPECT_TRUE(c.play.to_client().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(c.play.calls(), std::vector<std::string>{"close"});
  EXPECT_EQ(c.play.exchange(1).bytes[0], request);
  EXPECT_EQ(c.play.exchange(1).bytes[1], c.play.to_client());
  EXPECT_TRUE(c.play.exchange(1).ours);
  EXPECT_EQ(c.play.exchange(1).ending, Ending::CutByUs);
}

TEST(HttpForwarder, RefusesAfterTheRepliesBeforeIt) {
  Conversation c;
  c.play.client(Bytes(kGet) + "GET / HTTP/1.1\r\n\r\n").opened();
  EXPECT_EQ(c.play.to_upstream(), kGetUp);
  EXPECT_EQ(c.play.to_client(), "");
  c.play.upstream(kOk);
  EXPECT_TRUE(c.play.to_client().starts_with(Bytes(kOk) + "HTTP/1.1 400 "));
  EXPECT_TRUE(c.play.called("close"));
}

TEST(HttpForwarder, RefusesALongHeadWith431AndConnectWith405) {
  Conversation c;
  c.play.client("GET / HTTP/1.1\r\nX: " + Bytes(70000, 'x'));
  EXPECT_TRUE(c.play.to_client().starts_with("HTTP/1.1 431 "));
  Conversation connect;
  connect.play.client("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
  EXPECT_TRUE(connect.play.to_client().starts_with("HTTP/1.1 405 "));
  EXPECT_FALSE(connect.play.called("open"));
}

TEST(HttpForwarder, StopsABodyThatTurnsOutBroken) {
  Conversation c;
  c.play.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
      .opened();
  c.play.client("zz\r\n");
  EXPECT_TRUE(c.play.to_client().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(c.play.to_upstream().ends_with("2\r\nab\r\n"));
  EXPECT_TRUE(c.play.exchange(1).ours);
}

TEST(HttpForwarder, AnswersForAnUpstreamThatIsNotThere) {
  const std::pair<NoUpstream, std::uint16_t> reasons[] = {
      {NoUpstream::Refused, 502}, {NoUpstream::TimedOut, 504}, {NoUpstream::Loop, 508}};
  for (const auto& [why, status] : reasons) {
    Conversation c;
    c.play.client(kGet).failed(why);
    EXPECT_TRUE(c.play.to_client().starts_with(fmt::format("HTTP/1.1 {} ", status)));
    EXPECT_NE(c.play.to_client().find("rule api to api.test:80"), Bytes::npos);
    EXPECT_TRUE(c.play.exchange(1).ours && c.play.called("close"));
    EXPECT_EQ(c.play.exchange(1).status, status);
  }
  Conversation head;
  head.play.client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").failed(NoUpstream::Refused);
  EXPECT_TRUE(head.play.to_client().ends_with("\r\n\r\n"));
}

TEST(HttpForwarder, TellsAnUpstreamThatHangsUpAtOnceFromOneThatDoesLater) {
  Conversation first;
  first.play.client(kGet).opened().upstream_fin();
  EXPECT_TRUE(first.play.to_client().starts_with("HTTP/1.1 502 "));
  Conversation later;
  later.play.client(kGet).opened().upstream(kOk).client(kGet).upstream_fin();
  EXPECT_EQ(later.play.to_client(), kOk);
  EXPECT_EQ(later.play.exchange(2).ending, Ending::CutByUpstream);
  EXPECT_TRUE(later.play.called("close"));
}

TEST(HttpForwarder, PassesABrokenReplyOnAsItWas) {
  Conversation closed;
  closed.play.client(kGet).opened().upstream(kOk.substr(0, kOk.size() - 1)).upstream_fin();
  EXPECT_EQ(closed.play.to_client(), kOk.substr(0, kOk.size() - 1));
  EXPECT_EQ(closed.play.exchange(1).ending, Ending::CutByUpstream);
  Conversation reset;
  reset.play.client(kGet).opened().upstream(kOk.substr(0, kOk.size() - 1)).lost(Side::Server);
  EXPECT_TRUE(reset.play.called("abort"));
  Conversation in_head;
  in_head.play.client(kGet).opened().upstream_fin("HTTP/1.1 200");
  EXPECT_EQ(in_head.play.to_client(), "HTTP/1.1 200");
  EXPECT_EQ(in_head.play.exchange(1).bytes[1], "HTTP/1.1 200");
}

TEST(HttpForwarder, FollowsAReplyUntilClose) {
  Conversation c;
  c.play.client(kGet).opened().upstream("HTTP/1.0 200 OK\r\n\r\nabc").upstream_fin("def");
  EXPECT_EQ(c.play.to_client(), "HTTP/1.0 200 OK\r\n\r\nabcdef");
  EXPECT_EQ(c.play.exchange(1).ending, Ending::Complete);
  EXPECT_TRUE(c.play.called("close"));
}

TEST(HttpForwarder, RelaysAReplyThatIsNotHttp) {
  Conversation c;
  c.play.client(kGet).opened().upstream("ICY 200 OK\r\n\r\nmusic").upstream("more");
  EXPECT_EQ(c.play.to_client(), "ICY 200 OK\r\n\r\nmusicmore");
  EXPECT_EQ(c.play.taped().notes.size(), 1U);
  EXPECT_EQ(c.play.exchange(1).bytes[1], "ICY 200 OK\r\n\r\nmusic");
  EXPECT_EQ(c.play.exchange(2).bytes[1], "more");
  c.play.upstream_fin().client_fin();
  EXPECT_TRUE(c.play.called("close"));
}

TEST(HttpForwarder, PumpsAfterAnUpgrade) {
  Conversation c;
  c.play.client("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").opened();
  c.play.client("early");
  EXPECT_TRUE(c.play.blocked());
  c.play.upstream("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nhello");
  EXPECT_TRUE(c.play.to_client().ends_with("\r\n\r\nhello"));
  EXPECT_TRUE(c.play.to_upstream().ends_with("\r\n\r\nearly"));
  EXPECT_EQ(c.play.taped().protocol_now, "raw");
  EXPECT_EQ(c.play.exchange(2).bytes[1], "hello");
  c.play.client_fin().upstream_fin();
  EXPECT_TRUE(c.play.called("finish_upstream") && c.play.called("close"));
  EXPECT_EQ(c.play.exchange(3).bytes[0], "early");
}

TEST(HttpForwarder, DeliversTheReplyToAClientThatHasFinished) {
  Conversation c;
  c.play.client(kGet).opened().client_fin();
  EXPECT_EQ(c.play.calls(), (std::vector<std::string>{"open", "finish_upstream"}));
  c.play.upstream(kOk);
  EXPECT_EQ(c.play.to_client(), kOk);
  EXPECT_TRUE(c.play.called("close"));
}

TEST(HttpForwarder, KeepsARequestHeadThatItsClientLeft) {
  Conversation c;
  c.play.client("GET / HT").client_fin();
  EXPECT_EQ(c.play.exchange(1).bytes[0], "GET / HT");
  EXPECT_EQ(c.play.exchange(1).ending, Ending::CutByClient);
  EXPECT_EQ(c.play.calls(), std::vector<std::string>{"close"});
}

TEST(HttpForwarder, NumbersRawTurnsBehindAHeadThatItsClientLeft) {
  Conversation c;
  c.play.client(kGet).opened().client_fin("GET / HT").upstream("garbage").upstream_fin("more");
  EXPECT_EQ(c.play.exchange(2).bytes[0], "GET / HT");
  EXPECT_EQ(c.play.exchange(3).bytes[1], "more");
  EXPECT_TRUE(c.play.called("close"));
}

TEST(HttpForwarder, SaysWhatItWaitsForAndAnswersWhenItTakesTooLong) {
  Conversation head;
  head.play.client("GET / HT");
  EXPECT_EQ(head.play.waiting_for(), Wait::Head);
  head.play.timed_out(Wait::Head);
  EXPECT_TRUE(head.play.to_client().starts_with("HTTP/1.1 408 "));
  Conversation reply;
  reply.play.client(kGet).opened();
  EXPECT_EQ(reply.play.waiting_for(), Wait::Reply);
  reply.play.timed_out(Wait::Reply);
  EXPECT_TRUE(reply.play.to_client().starts_with("HTTP/1.1 504 "));
  Conversation begun;
  begun.play.client(kGet).opened().upstream(kOk.substr(0, 39)).timed_out(Wait::Reply);
  EXPECT_EQ(begun.play.to_client(), kOk.substr(0, 39));
  EXPECT_TRUE(begun.play.called("abort"));
}

TEST(HttpForwarder, PassesOnAReplyThatNobodyAskedFor) {
  Conversation c;
  c.play.client(kGet).opened().upstream(kOk);
  c.play.upstream_fin("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(c.play.exchange(2).opener, Side::Server);
  EXPECT_TRUE(c.play.to_client().ends_with("Content-Length: 0\r\n\r\n"));
}

/// A long script that stops after each of its steps in turn, in each way that it can stop.
TEST(HttpForwarder, EndsEveryExchangeWhereverItIsBrokenOff) {
  const auto step = [](Playbook& play, int number) {
    switch (number) {
      case 0: play.client("POST /a HTTP/1.1\r\nHost: a\r\nContent-Le"); break;
      case 1: play.client("ngth: 4\r\n\r\nab"); break;
      case 2: play.opened(); break;
      case 3: play.upstream("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"); break;
      case 4: play.client("cd" + Bytes(kGet)); break;
      case 5: play.upstream("00 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"); break;
      case 6: play.upstream("cde\r\n0\r\n\r\n" + Bytes(kOk.substr(0, 5))); break;
      case 7: play.upstream(kOk.substr(5)); break;
      default: break;
    }
  };
  const std::vector<std::function<void(Playbook&)>> breaks = {
      [](Playbook& play) { play.lost(Side::Client); },
      [](Playbook& play) { play.lost(Side::Server); },
      [](Playbook& play) { play.stop(); },
      [](Playbook& play) { play.upstream_fin().client_fin(); },
      [](Playbook& play) { play.client_fin().upstream_fin(); },
      [](Playbook& play) { play.timed_out(Wait::Reply).timed_out(Wait::Head).stop(); },
      [](Playbook& play) { play.client("\0\r\n\0\n").upstream("garbage").stop(); },
  };
  for (std::size_t how = 0; how < breaks.size(); ++how) {
    for (int last = 0; last < 8; ++last) {
      ForwardRule rule = rule_to_api();
      Playbook play(find_protocol("http")->forwarder(rule));
      for (int number = 0; number <= last; ++number)
        step(play, number);
      breaks[how](play);
      const bool waits_for_connect = last < 2 && (how == 3 || how == 4);
      if (waits_for_connect) play.failed(NoUpstream::Refused);
      EXPECT_EQ(play.broken(), "") << "broken off after step " << last << " in way " << how;
      EXPECT_TRUE(play.over()) << "after step " << last << " in way " << how;
    }
  }
}

}  // namespace
}  // namespace understudy::testing
