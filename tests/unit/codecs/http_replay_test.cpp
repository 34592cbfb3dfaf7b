// Replay of HTTP by exchange: what is equal, and what goes out.
#include <gtest/gtest.h>

#include "protocols/registry.h"

namespace understudy {
namespace {

const ExchangeReplay& replay() {
  return *find_protocol("http")->exchange_replay();
}

Bytes key(const Bytes& request, ByteView place = {}) {
  MatchKey out;
  EXPECT_TRUE(replay().key(request, place, out)) << request;
  return out.key;
}
Bytes get(const Bytes& target, const Bytes& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
Bytes post(const Bytes& type, const Bytes& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

RecordedExchange recorded(const Bytes& reply, const Bytes& method = "GET") {
  RecordedExchange exchange;
  exchange.method = method;
  exchange.reply = reply;
  exchange.reply_size = reply.size();
  return exchange;
}
ForwardRule rule() {
  ForwardRule rule;
  rule.client_scheme = rule.upstream_scheme = "http";
  rule.upstream = {"api.test", 80};
  return rule;
}

struct Served {
  Bytes bytes;
  bool close = false, reset = false, whole = false;
  friend bool operator==(const Served&, const Served&) = default;
};
Served serve(const RecordedExchange& exchange, const Bytes& request,
             const ForwardRule& by = rule()) {
  std::string why;
  const auto prepared = replay().prepare(exchange, by, why);
  EXPECT_EQ(why, "");
  if (!prepared) return {};
  LiveContext context;
  context.now = Timestamp(std::chrono::seconds(784111777));
  context.client_scheme = "http";
  context.rule_authority = "127.0.0.1:8080";
  const auto answer_with = [&](std::uint32_t hints) {
    context.hints = hints;
    LiveAnswer answer;
    replay().answer(*prepared, request, context, answer);
    Served served{{}, answer.close, answer.reset, answer.whole};
    for (const ByteView piece : answer.pieces)
      served.bytes += piece;
    return served;
  };
  MatchKey key;
  EXPECT_TRUE(replay().key(request, {}, key));
  const Served served = answer_with(0);
  EXPECT_EQ(answer_with(key.hints), served) << request;  // as read once more
  return served;
}
std::string why_not(const RecordedExchange& exchange) {
  std::string why;
  EXPECT_EQ(replay().prepare(exchange, rule(), why), nullptr);
  return why;
}

TEST(HttpKey, KnowsEqualTargets) {
  EXPECT_EQ(key(get("/a?x=1&y=2")), key(get("/a?y=2&x=1")));
  EXPECT_EQ(key(get("/a?x=a+b")), key(get("/a?x=a%20b")));
  EXPECT_EQ(key(get("/%7eu/%c3%a9")), key(get("/~u/%C3%A9")));
  EXPECT_EQ(key(get("http://other/a")), key(get("/a")));
  EXPECT_EQ(key(get("/a", "X: 1\r\n")), key(get("/a")));
}

TEST(HttpKey, KnowsDifferentTargets) {
  EXPECT_NE(key(get("/a")), key(get("/A")));
  EXPECT_NE(key(get("/a")), key(get("/a/")));
  EXPECT_NE(key(get("/a/../b")), key(get("/b")));
  EXPECT_NE(key(get("/a%2Fb")), key(get("/a/b")));
  EXPECT_NE(key(get("/a?x=1")), key(get("/a?x=1&x=1")));
  EXPECT_NE(key(get("/a", "Range: bytes=0-1\r\n")), key(get("/a")));
  EXPECT_NE(key(get("/a")), key("HEAD" + get("/a").substr(3)));
}

TEST(HttpKey, ReadsBodiesByMeaning) {
  EXPECT_EQ(key(post("application/json", R"({"a":1.0,"b":[1,2],"c":"\u0041"})")),
            key(post("application/json; charset=utf-8", R"({ "c":"A", "b":[1,2e0], "a":1 })")));
  EXPECT_NE(key(post("application/json", "[1,2]")), key(post("application/json", "[2,1]")));
  EXPECT_EQ(key(post("application/x-www-form-urlencoded", "a=1&b=x+y")),
            key(post("application/x-www-form-urlencoded", "b=x%20y&a=1")));
  EXPECT_NE(key(post("text/plain", "a=1&b=2")), key(post("text/plain", "b=2&a=1")));
  const auto multipart = [](const Bytes& boundary, const Bytes& content) {
    return post("multipart/form-data; boundary=" + boundary,
                "--" + boundary + "\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n" +
                    content + "\r\n--" + boundary + "--\r\n");
  };
  EXPECT_EQ(key(multipart("xx", "data")), key(multipart("yyyy", "data")));
  EXPECT_NE(key(multipart("xx", "data")), key(multipart("xx", "other")));
}

TEST(HttpKey, LooksThroughTransferCodings) {
  EXPECT_EQ(key(post("application/json", "[1]")),
            key("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n"));
}

TEST(HttpKey, HostsCountWhereTheRuleServesSeveral) {
  const ByteView here = "https://api.example.com";
  EXPECT_EQ(key(get("/a"), here), key(get("/a"), here));
  EXPECT_NE(key(get("/a"), here), key(get("/a"), "http://api.example.com"));
  EXPECT_NE(key(get("/a"), here), key(get("/a")));
  EXPECT_EQ(key(get("http://api.example.com/a"), here), key(get("/a"), here));
}

TEST(HttpReplay, KnowsWhereARequestLeads) {
  const auto place = [](const Bytes& request) { return replay().place(request, "http"); };
  EXPECT_EQ(place("GET /a HTTP/1.1\r\nHost: API.Example.com.\r\n\r\n"), "http://api.example.com");
  EXPECT_EQ(place("GET /a HTTP/1.1\r\nHost: a:80\r\n\r\n"), "http://a");
  EXPECT_EQ(place("GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), "http://[::1]:8080");
  EXPECT_EQ(place("GET http://b:81/a HTTP/1.1\r\nHost: a\r\n\r\n"), "http://b:81");
  EXPECT_EQ(place("GET /a HTTP/1.0\r\n\r\n"), "");
  EXPECT_EQ(place("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n"), "");
  EXPECT_EQ(place("GET /a"), "");
  EXPECT_EQ(replay().place("GET / HTTP/1.1\r\nHost: a:443\r\n\r\n", "https"), "https://a");
}

TEST(HttpKey, KeepsConditionsApart) {
  MatchKey plain, conditional;
  EXPECT_TRUE(replay().key(get("/a"), {}, plain));
  EXPECT_TRUE(replay().key(get("/a", "If-None-Match: \"x\"\r\n"), {}, conditional));
  EXPECT_EQ(plain.key, conditional.key);
  EXPECT_EQ(conditional.condition, "if-none-match:\"x\"\n");
  MatchKey none;
  EXPECT_FALSE(replay().key("GET", {}, none));
}

TEST(HttpReplay, ServesAsRecordedWithTheDateOfNow) {
  const Served served = serve(recorded("HTTP/1.1 200 OK\r\nServer: x\r\n"
                                       "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
                                       "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
                                       "Keep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi"),
                              get("/"));
  EXPECT_EQ(served.bytes,
            "HTTP/1.1 200 OK\r\nServer: x\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 2\r\n\r\nhi");
  EXPECT_FALSE(served.close || served.reset);
}

TEST(HttpReplay, MindsTheConnectionOfTheLiveClient) {
  const auto exchange = recorded("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  const Served closing = serve(exchange, get("/", "Connection: close\r\n"));
  EXPECT_TRUE(closing.close);
  EXPECT_NE(closing.bytes.find("Connection: close\r\n"), Bytes::npos);
  EXPECT_TRUE(serve(exchange, "GET / HTTP/1.0\r\n\r\n").close);
  const Served kept = serve(exchange, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(kept.close);
  EXPECT_NE(kept.bytes.find("Connection: keep-alive\r\n"), Bytes::npos);
}

TEST(HttpReplay, ServesChunksAsTheyWereAndAsALengthToHttp10) {
  const Bytes reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n"
      "2;x\r\nhi\r\n0\r\nT: 1\r\n\r\n";
  EXPECT_EQ(serve(recorded(reply), get("/")).bytes, reply);
  EXPECT_EQ(serve(recorded(reply), "GET / HTTP/1.0\r\n\r\n").bytes,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
}

TEST(HttpReplay, GivesAReplyUntilCloseItsLength) {
  EXPECT_EQ(serve(recorded("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"), get("/")).bytes,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const Served old = serve(recorded("HTTP/1.0 200 OK\r\n\r\nhello"), get("/"));
  EXPECT_EQ(old.bytes, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(old.close);
}

TEST(HttpReplay, KeepsTheFramingOfRepliesWithoutBody) {
  const Bytes head = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
  EXPECT_EQ(serve(recorded(head, "HEAD"), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").bytes, head);
  const Bytes none = "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n";
  EXPECT_EQ(serve(recorded(none), get("/")).bytes, none);
  const Bytes hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  EXPECT_EQ(serve(recorded("HTTP/1.1 100 Continue\r\n\r\n" + hints + none), get("/")).bytes,
            hints + none);
}

TEST(HttpReplay, MapsLinksToTheClientThatAsks) {
  const auto exchange = recorded(
      "HTTP/1.1 302 Found\r\nLocation: http://api.test/x\r\n"
      "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(serve(exchange, "GET / HTTP/1.1\r\nHost: localhost:9\r\n\r\n").bytes,
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:9/x\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(serve(exchange, "GET / HTTP/1.0\r\n\r\n").bytes.find("http://127.0.0.1:8080/x"),
            Bytes::npos);
}

TEST(HttpReplay, LeavesLinksAloneWhereClientsKnowTheUpstreamByItsName) {
  const Bytes reply =
      "HTTP/1.1 302 Found\r\nLocation: http://api.test/x\r\nSet-Cookie: a=b; Domain=\r\n"
      "Content-Length: 0\r\n\r\n";
  ForwardRule transparent = rule();
  transparent.transparent = true;
  EXPECT_EQ(serve(recorded(reply), get("/"), transparent).bytes, reply);
  ForwardRule proxy = rule();
  proxy.proxy.emplace();
  proxy.upstream = {};
  EXPECT_EQ(serve(recorded(reply), get("/"), proxy).bytes, reply);
}

TEST(HttpReplay, DecodesForAClientThatDidNotOfferTheCoding) {
  const Bytes coded("\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01\x68\x03\x08\xb1", 16);
  const auto exchange = recorded(
      "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nVary: Accept-Encoding\r\n"
      "Content-Length: 16\r\n\r\n" +
      coded);
  EXPECT_TRUE(
      serve(exchange, get("/", "Accept-Encoding: gzip, deflate\r\n")).bytes.ends_with(coded));
  EXPECT_TRUE(serve(exchange, get("/", "Accept-Encoding: *\r\n")).bytes.ends_with(coded));
  for (const char* fields :
       {"", "Accept-Encoding: gzip\r\n", "Accept-Encoding: deflate;q=0, *\r\n"}) {
    EXPECT_EQ(serve(exchange, get("/", fields)).bytes,
              "HTTP/1.1 200 OK\r\nVary: Accept-Encoding\r\nContent-Length: 23\r\n\r\n"
              "hello hello hello hello");
  }
}

TEST(HttpReplay, BreaksOffWhereTheUpstreamDid) {
  auto exchange = recorded("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal");
  exchange.ending = Ending::CutByUpstream;
  const Served cut = serve(exchange, get("/"));
  EXPECT_EQ(cut.bytes, exchange.reply);
  EXPECT_TRUE(cut.reset && cut.close);
  exchange.reply = "HTTP/1.1 2";
  EXPECT_EQ(serve(exchange, get("/")).bytes, "HTTP/1.1 2");
  exchange.reply = "";
  EXPECT_TRUE(serve(exchange, get("/")).reset);
}

TEST(HttpReplay, SaysWhyAnExchangeCannotBeServed) {
  auto exchange = recorded("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  exchange.ending = Ending::CutByClient;
  EXPECT_EQ(why_not(exchange), "the client broke off before the reply ended");
  exchange.ending = Ending::Complete;
  exchange.open = true;
  EXPECT_EQ(why_not(exchange), "the recorder ended before the reply did");
  exchange.open = false;
  exchange.origin = Origin::Understudy;
  EXPECT_EQ(why_not(exchange), "the reply was made by understudy itself");
  EXPECT_EQ(why_not(recorded("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n")),
            "the connection switched to another protocol");
  EXPECT_EQ(why_not(recorded("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")),
            "its body was not stored");
  EXPECT_EQ(why_not(recorded("garbage")), "the recorded reply is not HTTP");
}

TEST(HttpReplay, LeavesTheTailOfALongReplyToTheReplayer) {
  auto exchange = recorded("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\nab");
  exchange.reply_size += 1000;
  std::string why;
  const auto prepared = replay().prepare(exchange, rule(), why);
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->missing_bytes(), 1000U);
  EXPECT_EQ(serve(exchange, get("/")).bytes, exchange.reply);
  const Served refused = serve(exchange, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(refused.bytes.starts_with("HTTP/1.1 501 ") && refused.whole && refused.close);
  auto until_close = recorded("HTTP/1.1 200 OK\r\n\r\nab");
  until_close.reply_size += 10;
  EXPECT_NE(serve(until_close, get("/")).bytes.find("Content-Length: 12\r\n"), Bytes::npos);
}

TEST(HttpReplay, ShapesMissesRefusalsAndInterims) {
  LiveAnswer miss;
  replay().miss(get("/"), "{}", {}, miss);
  EXPECT_EQ(
      miss.pieces.at(0),
      "HTTP/1.1 501 Not Implemented\r\nUnderstudy-Miss: 1\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}");
  EXPECT_FALSE(miss.close);
  LiveAnswer head;
  replay().miss("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "{}", {}, head);
  EXPECT_TRUE(head.pieces.at(0).ends_with("\r\n\r\n"));
  LiveAnswer refused;
  replay().refuse(431, "too long", refused);
  EXPECT_TRUE(refused.pieces.at(0).starts_with("HTTP/1.1 431 ") && refused.close);
  EXPECT_EQ(replay().interim("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
                             "Content-Length: 1\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(replay().interim(get("/")), "");
}

}  // namespace
}  // namespace understudy
