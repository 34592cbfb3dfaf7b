// The relay under HTTP: what only shows with sockets around the forwarder.
#include "tests/unit/recorder/recorder_fixture.h"

namespace understudy {
namespace {

using testing::Peer;

constexpr std::string_view kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class RelayHttpTest : public testing::RecorderTest {
 protected:
  void start_http(RecorderOptions options = {}) { start(rule("http", "http"), std::move(options)); }
  std::string upstream_authority() { return "127.0.0.1:" + std::to_string(upstream_.port()); }
};

TEST_F(RelayHttpTest, HostIsRewrittenOnTheWireAndKeptAsReceivedInTheStore) {
  start_http();
  Peer client = this->client();
  client.send("GET /a HTTP/1.1\r\nHost: me\r\nAccept: */*\r\n\r\n");
  Peer server = upstream_.accept();
  const std::string sent =
      "GET /a HTTP/1.1\r\nHost: " + upstream_authority() + "\r\nAccept: */*\r\n\r\n";
  EXPECT_EQ(server.read(sent.size()), sent);
  server.send(kReply);
  EXPECT_EQ(client.read(kReply.size()), kReply);
  client.close();
  server.close();
  stop();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].request, "GET /a HTTP/1.1\r\nHost: me\r\nAccept: */*\r\n\r\n");
  EXPECT_FALSE(rows[0].edits.empty());
  EXPECT_EQ(rows[0].row.status, 200);
  EXPECT_EQ(rows[0].method, "GET");
  EXPECT_EQ(rows[0].resource, "/a");
}

TEST_F(RelayHttpTest, ARefusedUpstreamIsA502OnTheRecord) {
  start_http();
  upstream_.close();
  Peer client = this->client();
  client.send("GET / HTTP/1.1\r\nHost: me\r\n\r\n");
  EXPECT_EQ(client.read_all().substr(0, 12), "HTTP/1.1 502");
  client.close();
  stop();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.origin, Origin::Understudy);
  EXPECT_EQ(rows[0].row.status, 502);
}

TEST_F(RelayHttpTest, ARuleThatReachesItselfIsA508) {
  std::uint16_t port = 0;
  {
    const testing::Server free;
    port = free.port();
  }
  ForwardRule loop = rule("http", "http");
  loop.listen.port = loop.upstream.port = port;
  start(std::move(loop));
  Peer client = this->client();
  client.send("GET / HTTP/1.1\r\nHost: me\r\n\r\n");
  EXPECT_EQ(client.read_all().substr(0, 12), "HTTP/1.1 508");
}

TEST_F(RelayHttpTest, AnAmbiguousRequestIs400AndNothingOfItGoesOn) {
  start_http();
  Peer client = this->client();
  client.send(
      "POST / HTTP/1.1\r\nHost: me\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.read_all().substr(0, 12), "HTTP/1.1 400");
  client.close();
  stop();
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_EQ(sink_.exchanges()[0].row.status, 400);
}

TEST_F(RelayHttpTest, AReplyThatDoesNotComeIsA504) {
  RecorderOptions options;
  options.limits.reply = std::chrono::milliseconds(300);
  start_http(std::move(options));
  Peer client = this->client();
  client.send("GET /slow HTTP/1.1\r\nHost: me\r\n\r\n");
  Peer server = upstream_.accept();
  EXPECT_EQ(client.read_all().substr(0, 12), "HTTP/1.1 504");
}

TEST_F(RelayHttpTest, AHeadThatTricklesIsA408) {
  RecorderOptions options;
  options.limits.head = std::chrono::milliseconds(300);
  start_http(std::move(options));
  Peer client = this->client();
  client.send("GET / HTT");
  EXPECT_EQ(client.read_all().substr(0, 12), "HTTP/1.1 408");
}

TEST_F(RelayHttpTest, AStallOfTheStoreIsNobodysTimeOut) {
  RecorderOptions options;
  options.limits.head = options.limits.reply = std::chrono::milliseconds(300);
  start_http(std::move(options));
  Peer asking = client();
  asking.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  Peer server = upstream_.accept();
  std::string head;
  while (!head.ends_with("\r\n\r\n"))
    head += server.read(1);
  sink_.is_full = true;
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  pollfd quiet{asking.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&quiet, 1, 1500), 0) << "a 504, although the reply was there";
  sink_.is_full = false;
  recorder_->on_room();
  EXPECT_EQ(asking.read(12), "HTTP/1.1 200");
}

TEST_F(RelayHttpTest, TwoConnectionsManyExchangesNothingLost) {
  start_http();
  constexpr int kEach = 200;
  const auto serve = [&] {
    Peer server = upstream_.accept();
    for (int i = 0; i < kEach; ++i) {
      std::string head;
      while (!head.ends_with("\r\n\r\n")) {
        const std::string next = server.read(1);
        if (next.empty()) return;
        head += next;
      }
      server.send(kReply);
    }
    server.read_all();
  };
  std::jthread one(serve), two(serve);
  const auto ask = [&] {
    Peer client = this->client();
    for (int i = 0; i < kEach; ++i) {
      client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: me\r\n\r\n");
      EXPECT_EQ(client.read(kReply.size()), kReply);
    }
  };
  {
    std::jthread first(ask), second(ask);
  }
  stop();
  const auto rows = sink_.exchanges();
  EXPECT_EQ(rows.size(), std::size_t{2 * kEach});
  for (const auto& row : rows) {
    EXPECT_FALSE(row.open);
    EXPECT_EQ(row.row.ending, Ending::Complete);
  }
}

}  // namespace
}  // namespace understudy
