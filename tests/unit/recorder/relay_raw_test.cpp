// The relay under raw TCP: bytes pass as they came, whoever speaks first, however it ends.
#include "tests/unit/recorder/recorder_fixture.h"

namespace understudy {
namespace {

using testing::Peer;

class RelayRawTest : public testing::RecorderTest {
 protected:
  void start_raw(RecorderOptions options = {}) { start(rule("raw", "tcp"), std::move(options)); }
};

TEST_F(RelayRawTest, AnAnswerComesBackAndBothAreRecorded) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  client.send("ping");
  EXPECT_EQ(server.read(4), "ping");
  server.send("pong");
  EXPECT_EQ(client.read(4), "pong");
  client.close();
  EXPECT_EQ(server.read_all(), "");
  server.close();
  stop();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].request, "ping");
  EXPECT_EQ(rows[0].reply, "pong");
  ASSERT_EQ(sink_.closed().size(), 1u);
  EXPECT_EQ(sink_.closed()[0].reason, "client closed");
  EXPECT_EQ(sink_.closed()[0].client_bytes, 4u);
}

TEST_F(RelayRawTest, TheServerMaySpeakFirst) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  server.send("220 ready\r\n");
  EXPECT_EQ(client.read(11), "220 ready\r\n");
  client.send("HELO\r\n");
  EXPECT_EQ(server.read(6), "HELO\r\n");
  server.close();
  client.read_all();
  client.close();
  stop();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].row.opener, Side::Server);
  EXPECT_EQ(rows[0].reply, "220 ready\r\n");
  EXPECT_EQ(rows[1].request, "HELO\r\n");
}

TEST_F(RelayRawTest, HalfCloseIsPassedOnAndTheAnswerStillArrives) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  client.send("all there is");
  client.finish_sending();
  EXPECT_EQ(server.read_all(), "all there is");
  server.send("thanks");
  server.close();
  EXPECT_EQ(client.read_all(), "thanks");
  EXPECT_FALSE(client.was_reset());
}

TEST_F(RelayRawTest, AResetReachesTheOtherSide) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  client.send("x");
  EXPECT_EQ(server.read(1), "x");
  server.reset();
  EXPECT_EQ(client.read_all(), "");
  client.close();
  stop();
  ASSERT_EQ(sink_.closed().size(), 1u);
  EXPECT_EQ(sink_.closed()[0].reason, "upstream reset");
}

TEST_F(RelayRawTest, AReaderThatSleepsSlowsTheSenderAndLosesNothing) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  const std::string body(std::size_t{24} * 1024 * 1024, 'b');
  std::jthread sender([&] {
    server.send(body);
    server.close();
  });
  // Nothing is read until the pipe between them is full: then all of it must still come.
  pollfd full{client.fd(), POLLIN, 0};
  ASSERT_GT(::poll(&full, 1, testing::kPatienceMs), 0);
  EXPECT_EQ(client.read_all().size(), body.size());
  client.close();
  stop();
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_EQ(sink_.exchanges()[0].reply.size(), body.size());
}

TEST_F(RelayRawTest, AFullStoreHoldsTheClientBackUntilThereIsRoom) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  client.send("first");
  EXPECT_EQ(server.read(5), "first");
  sink_.is_full = true;
  client.send("second");
  pollfd quiet{server.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&quiet, 1, 200), 0) << "bytes passed although the store had no room";
  sink_.is_full = false;
  recorder_->on_room();
  EXPECT_EQ(server.read(6), "second");
}

TEST_F(RelayRawTest, AStopDoesNotWaitForAStoreThatHasNoRoom) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  client.send("first");
  EXPECT_EQ(server.read(5), "first");
  sink_.is_full = true;
  client.send("second");
  pollfd quiet{server.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&quiet, 1, 200), 0);
  const auto began = std::chrono::steady_clock::now();
  stop(std::chrono::milliseconds(0));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  ASSERT_EQ(sink_.closed().size(), 1u) << "the session's last row came after the end";
  EXPECT_EQ(sink_.exchanges()[0].request, "first");
}

TEST_F(RelayRawTest, AnUpstreamThatIsNotThereEndsTheSessionOnTheRecord) {
  start_raw();
  upstream_.close();
  Peer client = this->client();
  client.send("anyone?");
  client.read_all();
  EXPECT_TRUE(client.ended());
  client.close();
  stop();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.origin, Origin::Understudy);
  EXPECT_NE(rows[0].note.find("refused"), std::string::npos) << rows[0].note;
}

TEST_F(RelayRawTest, AStopEndsSilentSessionsAtOnceAndWritesThem) {
  start_raw();
  Peer client = this->client();
  Peer server = upstream_.accept();
  client.send("hello");
  EXPECT_EQ(server.read(5), "hello");
  const auto before = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(4));
  client.read_all();
  EXPECT_TRUE(client.ended());
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_EQ(sink_.exchanges()[0].request, "hello");
  ASSERT_EQ(sink_.closed().size(), 1u);
  EXPECT_EQ(sink_.closed()[0].reason, "stopped");
}

TEST_F(RelayRawTest, ConnectionsBeyondTheLimitAreRefusedAndCounted) {
  RecorderOptions options;
  options.max_connections = 1;
  start_raw(std::move(options));
  Peer first = client();
  Peer held = upstream_.accept();
  first.send("x");
  EXPECT_EQ(held.read(1), "x");
  Peer second = client();
  second.read_all();
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(recorder_->counters().refused, 1u);
  first.send("y");
  EXPECT_EQ(held.read(1), "y") << "the one that was open is not disturbed";
}

}  // namespace
}  // namespace understudy
