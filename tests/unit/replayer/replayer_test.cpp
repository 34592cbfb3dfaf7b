// The replayer over real sockets: load, bind, serve, stop, report.
#include "replayer/replayer.h"

#include "replayer/repertoire_loader.h"
#include "tests/unit/replayer/replayer_fixture.h"

namespace understudy {
namespace {

using namespace test;

TEST_F(ReplayerTest, ServesHttpAndStreamsSideBySide) {
  recorded_.add(1, get("/a"), ok("hello"));
  recorded_.add(2, "PING\n", "pong\n", "upstream closed");
  load();
  EXPECT_EQ(replayer_->stub_count(), 2u);
  Client http(address(0));
  http.say(get("/a"));
  EXPECT_EQ(http.hear(ok("hello").size()), ok("hello"));
  Client lines(address(1));
  lines.say("PING\n");
  EXPECT_EQ(lines.hear_all(), "pong\n");
  const ReplayReport report = replayer_->report();
  EXPECT_EQ(report.totals.exact, 2u);
  EXPECT_EQ(report.totals.unused, 0u);
  EXPECT_EQ(report.totals.outgoing, 0u);
  EXPECT_EQ(report.requests[0].service, "api");
  EXPECT_EQ(report.requests[1].protocol, "raw");
}

TEST_F(ReplayerTest, ATransparentRuleKeepsHostsApart) {
  recorded_.recording.rules[0].rule.transparent = true;
  recorded_.add(1, get("/a"), ok("one")).place = "http://api.example.com";
  recorded_.add(1, get("/a"), ok("two")).place = "http://other.example.com:8080";
  load();
  Client client(address(0));
  client.say("GET /a HTTP/1.1\r\nHost: other.example.com:8080\r\n\r\n");
  EXPECT_EQ(client.hear(ok("two").size()), ok("two"));
  client.say(get("/a"));
  EXPECT_EQ(client.hear(ok("one").size()), ok("one"));
  client.say("GET /a HTTP/1.1\r\nHost: third.example.com\r\nConnection: close\r\n\r\n");
  const std::string heard = client.hear_all();
  EXPECT_NE(heard.find("\"got\": \"http://third.example.com\""), std::string::npos) << heard;
}

TEST_F(ReplayerTest, OneHostNeedsNoPlace) {
  recorded_.add(1, get("/a"), ok("A")).place = "http://api.example.com";
  load();
  Client client(address(0));
  client.say("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
}

TEST_F(ReplayerTest, AMissIsA501ThatNamesTheNearest) {
  recorded_.add(1, get("/orders/1"), ok("1"));
  load();
  Client client(address(0));
  client.say("GET /orders/2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string heard = client.hear_all();
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 501 ")) << heard;
  EXPECT_NE(heard.find("\r\nUnderstudy-Miss: 1\r\n"), std::string::npos) << heard;
  EXPECT_NE(heard.find("\"got\": \"/orders/2\""), std::string::npos) << heard;
  EXPECT_EQ(heard.find("header."), std::string::npos) << heard;
  EXPECT_EQ(replayer_->report().totals.missed, 1u);
}

TEST_F(ReplayerTest, KeepAliveOutlivesAnUpgradeThatWasDeclined) {
  recorded_.add(1, get("/a"), ok("A"));
  load();
  Client client(address(0));
  client.say("GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
  client.say(get("/a"));
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
}

TEST_F(ReplayerTest, ABodyThatIsNotInMemoryIsStreamedFromTheStore) {
  Bytes body(kMaxBodyInMemory + 3'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>(i * 7 + i / 1000);
  recorded_.add(1, get("/big"), ok(body));
  recorded_.add(1, get("/small"), ok("small"));
  load();
  Client client(address(0));
  client.say(get("/big") + get("/small"));
  const Bytes expected = ok(body) + ok("small");
  EXPECT_TRUE(client.hear(expected.size()) == expected);
}

TEST_F(ReplayerTest, AClientThatDoesNotReadHoldsNothingUp) {
  const Bytes body(8'000'000, 'x');
  recorded_.add(1, get("/big"), ok(body));
  load();
  Client slow(address(0));
  slow.say(get("/big"));
  Client other(address(0));
  other.say(get("/big"));
  EXPECT_EQ(other.hear(ok(body).size()).size(), ok(body).size());
  EXPECT_EQ(slow.hear(ok(body).size()).size(), ok(body).size());
}

TEST_F(ReplayerTest, ARefusalReachesAClientThatIsStillSending) {
  recorded_.add(1, get("/a"), ok("A"));
  load();
  Client client(address(0));
  client.say(
      "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" +
      Bytes(1'000'000, 'x'));
  EXPECT_TRUE(client.hear_all().starts_with("HTTP/1.1 400 "));
}

TEST_F(ReplayerTest, AStreamIsResetWhereTheServerDid) {
  recorded_.add(2, "BOOM\n", "", "upstream reset");
  load();
  Client client(address(1));
  client.say("BOOM\n");
  EXPECT_EQ(client.hear_all(), "");
  EXPECT_EQ(client.end(), asio::error::connection_reset);
}

TEST_F(ReplayerTest, RecordedTimingIsKept) {
  RecordedExchange& exchange = recorded_.add(1, get("/slow"), ok("slow"));
  exchange.chunks = {{Side::Client, exchange.request_size, 0us},
                     {Side::Server, exchange.reply_size, 200ms}};
  ReplayOptions options;
  options.timing_factor = 0.5;
  load(options);
  Client client(address(0));
  const auto begin = std::chrono::steady_clock::now();
  client.say(get("/slow"));
  EXPECT_EQ(client.hear(ok("slow").size()), ok("slow"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
}

TEST_F(ReplayerTest, APacedStreamListensMeanwhile) {
  RecordedExchange& first = recorded_.add(2, "A\n", "a\n", "upstream closed");
  first.chunks = {{Side::Client, 2, 0us}, {Side::Server, 2, 50ms}};
  RecordedExchange& second = recorded_.add_to(1, "raw", "B\n", "b\n");
  second.started_at = Timestamp{50ms};
  second.chunks = {{Side::Client, 2, 0us}, {Side::Server, 2, 50ms}};
  ReplayOptions options;
  options.timing_factor = 1;
  load(options);
  Client client(address(1));
  client.say("A\n");
  client.say("B\n");
  EXPECT_EQ(client.hear_all(), "a\nb\n");
}

TEST_F(ReplayerTest, StopClosesIdleConnectionsAndLetsRepliesEnd) {
  RecordedExchange& exchange = recorded_.add(1, get("/slow"), ok("slow"));
  exchange.chunks = {{Side::Client, 1, 0us}, {Side::Server, exchange.reply_size, 150ms}};
  recorded_.add(1, get("/a"), ok("A"));
  ReplayOptions options;
  options.timing_factor = 1;
  load(options);
  Client idle(address(0));
  idle.say(get("/a"));
  EXPECT_EQ(idle.hear(ok("A").size()), ok("A"));
  Client busy(address(0));
  busy.say(get("/slow"));
  while (replayer_->report().totals.exact < 2)
    std::this_thread::yield();
  replayer_->stop(5s);
  EXPECT_EQ(busy.hear_all(), ok("slow"));
  EXPECT_EQ(idle.hear_all(), "");
}

TEST_F(ReplayerTest, StopEndsWhatDoesNotEndInTime) {
  recorded_.add(1, get("/big"), ok(Bytes(20'000'000, 'x')));
  load();
  Client stuck(address(0));
  stuck.say(get("/big"));
  while (replayer_->report().totals.exact < 1)
    std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  replayer_->stop(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
}

TEST_F(ReplayerTest, ConnectionsOverTheCapAreClosedAtOnce) {
  recorded_.add(1, get("/a"), ok("A"));
  ReplayOptions options;
  options.max_connections = 1;
  load(options);
  Client first(address(0));
  first.say(get("/a"));
  EXPECT_EQ(first.hear(ok("A").size()), ok("A"));
  EXPECT_EQ(Client(address(0)).hear_all(), "");
}

TEST_F(ReplayerTest, SaysWhatItDoesNotServe) {
  recorded_.add(1, get("/a"), ok("A"));
  recorded_.add(1, get("/ours"), ok("B")).origin = Origin::Understudy;
  recorded_.add(1, get("/ws"), ok("C")).protocol = "raw";
  load();
  EXPECT_EQ(replayer_->stub_count(), 1u);
  const std::vector<std::string> expected{"2: the reply was our own error",
                                          "3: the connection had changed to raw"};
  EXPECT_EQ(replayer_->report().not_served, expected);
  EXPECT_EQ(replayer_->report().unused, std::vector<std::int64_t>{1});
}

TEST_F(ReplayerTest, APortThatIsTakenNamesTheRule) {
  recorded_.add(1, get("/a"), ok("A"));
  load();
  const std::string taken = address(0);
  MemoryRecording second = recorded_;
  second.recording.rules[0].rule.listen.port =
      static_cast<std::uint16_t>(std::stoi(taken.substr(taken.rfind(':') + 1)));
  MemorySource source(second);
  const auto loaded = Replayer::load(source, second.recording, {}, pool_, {}, warnings_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().source, ErrorSource::Environment);
  EXPECT_NE(loaded.error().where.find("rule api"), std::string::npos);
}

TEST_F(ReplayerTest, AnAdapterThatIsNotHereBecomesTheLoopback) {
  recorded_.recording.rules[0].rule.listen.host = "192.0.2.77";  // TEST-NET-1
  recorded_.add(1, get("/a"), ok("A"));
  load();
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("192.0.2.77"), std::string::npos);
  Client client(address(0));
  client.say(get("/a"));
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
}

TEST_F(ReplayerTest, HundredThousandExchangesLoadInAboutASecond) {
  for (int i = 0; i < 100'000; ++i)
    recorded_.add(1, get("/orders/" + std::to_string(i)), ok("x"));
  const auto begin = std::chrono::steady_clock::now();
  load();
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", std::to_string(took / 1ms));
  EXPECT_EQ(replayer_->stub_count(), 100'000u);
  EXPECT_LT(took, 20s);  // sanitizers and a busy machine included
}

}  // namespace
}  // namespace understudy
