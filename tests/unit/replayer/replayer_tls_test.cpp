// TLS towards the clients of a replay, over real sockets: certificates, plain clients on the same
// port, handshakes that come to nothing.
#include "tests/unit/replayer/tls_fixture.h"

#include "replayer/repertoire_loader.h"

#include <fstream>

namespace understudy {
namespace {

using namespace test;

class ReplayerTlsTest : public TlsReplayerTest {
 protected:
  ReplayerTlsTest() {
    ForwardRule& api = recorded_.recording.rules[0].rule;
    api.client_scheme = api.upstream_scheme = "https";
    api.client_tls = api.upstream_tls = true;
    api.upstream.port = 443;
    ForwardRule& lines = recorded_.recording.rules[1].rule;
    lines.client_scheme = lines.upstream_scheme = "tls";
    lines.client_tls = lines.upstream_tls = true;
  }
};

Bytes moved(const Bytes& to) {
  return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n";
}

TEST_F(ReplayerTlsTest, TheCertificateIsForTheNameThatIsAskedFor) {
  recorded_.add(1, get("/a"), ok("A"));
  load(options_);
  TlsClient client(address(0), root());
  EXPECT_EQ(client.secure("localhost", "localhost"), "ok");
  client.say(get("/a"));
  EXPECT_EQ(client.hear(ok("A").size()), ok("A"));
  EXPECT_EQ(replayer_->report().totals.exact, 1u);
}

TEST_F(ReplayerTlsTest, AClientThatNamesNoHostMayHaveUsedTheNameOrTheAddress) {
  recorded_.add(1, get("/a"), ok("A"));
  load(options_);
  TlsClient by_name(address(0), root());
  EXPECT_EQ(by_name.secure("api.example.com", ""), "ok");
  TlsClient by_address(address(0), root());
  EXPECT_EQ(by_address.secure("127.0.0.1", ""), "ok");
}

TEST_F(ReplayerTlsTest, LinksLeadBackTheWayTheClientCame) {
  recorded_.add(1, get("/a"), moved("https://api.example.com/b"));
  load(options_);
  const Bytes asked = "GET /a HTTP/1.1\r\nHost: localhost:7\r\n\r\n";
  TlsClient secret(address(0), root());
  ASSERT_EQ(secret.secure("localhost", "localhost"), "ok");
  secret.say(asked);
  EXPECT_EQ(secret.hear(moved("https://localhost:7/b").size()), moved("https://localhost:7/b"));
  Client plain(address(0));
  plain.say(asked);
  EXPECT_EQ(plain.hear(moved("http://localhost:7/b").size()), moved("http://localhost:7/b"));
}

TEST_F(ReplayerTlsTest, APlainRuleOfRequestsServesTlsClientsToo) {
  ForwardRule& api = recorded_.recording.rules[0].rule;
  api = rule("api", "http", "http");
  recorded_.add(1, get("/a"), ok("A"));
  load(options_);
  TlsClient secret(address(0), root());
  EXPECT_EQ(secret.secure("localhost", "localhost"), "ok");
  secret.say(get("/a"));
  EXPECT_EQ(secret.hear(ok("A").size()), ok("A"));
  Client plain(address(0));
  plain.say(get("/a"));
  EXPECT_EQ(plain.hear(ok("A").size()), ok("A"));
}

TEST_F(ReplayerTlsTest, APlainStreamTakesEveryByteAsItIs) {
  recorded_.recording.rules[1].rule = rule("lines", "raw", "tcp");
  recorded_.add(2, "\x16\x03\x01\n", "pong\n", "upstream closed");
  load(options_);
  Client client(address(1));
  client.say("\x16\x03\x01\n");
  EXPECT_EQ(client.hear_all(), "pong\n");
}

TEST_F(ReplayerTlsTest, AStreamBeginsOnceTlsIsThere) {
  recorded_.add(2, "", "hello\n", "upstream closed");
  load(options_);
  TlsClient client(address(1), root());
  EXPECT_EQ(client.secure("api.example.com", "api.example.com"), "ok");
  EXPECT_EQ(client.hear_all(), "hello\n");
}

TEST_F(ReplayerTlsTest, LongRepliesArriveWhole) {
  Bytes body(kMaxBodyInMemory + 3'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>(i * 7 + i / 1000);
  recorded_.add(1, get("/big"), ok(body));
  load(options_);
  TlsClient client(address(0), root());
  ASSERT_EQ(client.secure("localhost", "localhost"), "ok");
  client.say(get("/big"));
  EXPECT_TRUE(client.hear(ok(body).size()) == ok(body));
}

TEST_F(ReplayerTlsTest, GarbageInsteadOfAHandshakeHarmsNobody) {
  recorded_.add(1, get("/a"), ok("A"));
  load(options_);
  for (const Bytes& garbage :
       {Bytes("\x16\x03\x01\x00\x04"
              "junk",
              9),
        Bytes("\x16\x03\xFF", 3) + Bytes(4096, '\xFF'),
        Bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + Bytes(600, '\x01')}) {
    Client client(address(0));
    client.say(garbage);
    client.finish();
    client.hear_all();  // an alert, or nothing
  }
  TlsClient fine(address(0), root());
  EXPECT_EQ(fine.secure("localhost", "localhost"), "ok");
  replayer_->stop(5s);  // clients see their end before it is counted
  EXPECT_EQ(replayer_->report().failed_handshakes, 3u);
  EXPECT_EQ(replayer_->report().totals.missed, 0u);
}

TEST_F(ReplayerTlsTest, AHandshakeThatStopsIsGivenUp) {
  recorded_.add(1, get("/a"), ok("A"));
  options_.handshake_timeout = 50ms;
  load(options_);
  Client client(address(0));
  client.say(Bytes("\x16\x03\x01\x02\x00", 5));
  EXPECT_EQ(client.hear_all(), "");
  replayer_->stop(5s);  // the client sees the end before it is counted
  EXPECT_EQ(replayer_->report().failed_handshakes, 1u);
}

TEST_F(ReplayerTlsTest, AHandshakeThatWaitsDoesNotHoldTheStop) {
  recorded_.add(1, get("/a"), ok("A"));
  load(options_);
  Client client(address(0));
  client.say(Bytes("\x16\x03\x01\x02\x00", 5));
  TlsClient other(address(0), root());
  EXPECT_EQ(other.secure("localhost", "localhost"), "ok");  // the first one is being served by now
  const auto begin = std::chrono::steady_clock::now();
  replayer_->stop(5s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(replayer_->report().failed_handshakes, 0u);
}

TEST_F(ReplayerTlsTest, FilesOfTheRecordingNeedNotBeHere) {
  recorded_.recording.rules[0].rule.tls.certificate = (folder_ / "gone.pem").string();
  recorded_.add(1, get("/a"), ok("A"));
  load(options_);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("gone.pem"), std::string::npos) << warnings_[0];
  EXPECT_NE(warnings_[0].find("generated"), std::string::npos) << warnings_[0];
  TlsClient client(address(0), root());
  EXPECT_EQ(client.secure("localhost", "localhost"), "ok");
}

TEST_F(ReplayerTlsTest, FilesOfALiveConfigurationMustBeHere) {
  recorded_.add(1, get("/a"), ok("A"));
  ForwardRule served = recorded_.recording.rules[0].rule;
  served.tls.certificate = (folder_ / "gone.pem").string();
  MemorySource source(recorded_);
  const auto loaded =
      Replayer::load(source, recorded_.recording, {served}, pool_, options_, warnings_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().source, ErrorSource::Config);
  EXPECT_NE(describe(loaded.error()).find("gone.pem"), std::string::npos);
}

TEST_F(ReplayerTlsTest, WhatIsForTheUpstreamIsNotRead) {
  TlsSettings& tls = recorded_.recording.rules[0].rule.tls;
  tls.ca_file = tls.client_certificate = tls.client_key = (folder_ / "gone.pem").string();
  recorded_.add(1, get("/a"), ok("A"));
  MemorySource source(recorded_);
  EXPECT_TRUE(Replayer::load(source, recorded_.recording, {recorded_.recording.rules[0].rule},
                             pool_, options_, warnings_));
}

}  // namespace
}  // namespace understudy
