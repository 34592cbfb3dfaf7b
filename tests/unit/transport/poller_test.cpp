#include "protocols/transport/poller.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/loopback.h"

namespace understudy {
namespace {

constexpr auto kRead = Watch::For::Read;
constexpr auto kWrite = Watch::For::Write;

/// Watches on connected sockets, each with its blocking peer, and what their waiters were told.
class PollerTest : public ::testing::Test {
 protected:
  struct Pair {
    testing::Peer peer;
    std::unique_ptr<Watch> watch;
  };

  Pair connected() {
    Pair pair;
    pair.peer = testing::Peer::connect(server_.port());
    testing::Peer accepted = server_.accept();
    ::fcntl(accepted.fd(), F_SETFL, O_NONBLOCK);
    pair.watch = std::make_unique<Watch>(context_.get_executor(), Descriptor(accepted.release()));
    return pair;
  }
  Watch::Waiter note(std::string name) {
    return [this, name = std::move(name)](ErrorCode error) {
      told_.push_back(name + (error ? " " + error.message() : ""));
    };
  }
  static std::string take(const Watch& watch) {
    char buffer[16];
    const ssize_t n = ::recv(watch.fd(), buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
  }
  /// Runs until nobody waits any more.
  void run() {
    context_.restart();
    context_.run_for(std::chrono::milliseconds(testing::kPatienceMs));
  }

  asio::io_context context_;
  testing::Server server_;
  std::vector<std::string> told_;
};

TEST_F(PollerTest, AWaiterIsToldOnceWhenBytesCome) {
  Pair pair = connected();
  pair.watch->wait(kRead, note("read"));
  ASSERT_TRUE(pair.peer.send("x"));
  run();
  EXPECT_EQ(told_, std::vector<std::string>{"read"});
}

TEST_F(PollerTest, TheLoopEndsWhenNobodyWaits) {
  const Pair pair = connected();
  run();
  EXPECT_TRUE(context_.stopped());
}

TEST_F(PollerTest, BytesThatWereNotTakenAreToldAgain) {
  Pair pair = connected();
  ASSERT_TRUE(pair.peer.send("x"));
  pair.watch->wait(kRead, note("first"));
  run();
  pair.watch->wait(kRead, note("second"));  // the edge is long gone
  EXPECT_EQ(told_.size(), 1u) << "told from within wait()";
  run();
  EXPECT_EQ(told_, (std::vector<std::string>{"first", "second"}));
}

TEST_F(PollerTest, AfterAShortReadOnlyNewBytesAreTold) {
  Pair pair = connected();
  ASSERT_TRUE(pair.peer.send("x"));
  pair.watch->wait(kRead, note("first"));
  run();
  EXPECT_EQ(take(*pair.watch), "x");
  pair.watch->read_short();
  pair.watch->wait(kRead, note("second"));
  context_.restart();
  context_.poll();
  EXPECT_EQ(told_.size(), 1u);
  ASSERT_TRUE(pair.peer.send("y"));
  run();
  EXPECT_EQ(told_.size(), 2u);
}

// The FIN came with the bytes: a short read hides it, and no further edge will come.
TEST_F(PollerTest, AnEndBehindAShortReadIsTold) {
  Pair pair = connected();
  ASSERT_TRUE(pair.peer.send("x"));
  pair.peer.finish_sending();
  pair.watch->wait(kRead, note("bytes"));
  run();
  EXPECT_EQ(take(*pair.watch), "x");
  pair.watch->read_short();
  pair.watch->wait(kRead, note("end"));
  run();
  EXPECT_EQ(told_, (std::vector<std::string>{"bytes", "end"}));
}

// A read stops at the urgent mark, so it is short with more behind it.
TEST_F(PollerTest, BytesBehindAnUrgentMarkAreTold) {
  Pair pair = connected();
  ASSERT_EQ(::send(pair.peer.fd(), "ab!", 3, MSG_OOB), 3);
  ASSERT_TRUE(pair.peer.send("cd"));
  pair.watch->wait(kRead, note("before"));
  run();
  std::string all = take(*pair.watch);
  for (int i = 0; i < 10 && all.find("cd") == std::string::npos; ++i) {
    pair.watch->read_short();
    pair.watch->wait(kRead, note("again"));
    run();
    all += take(*pair.watch);
  }
  EXPECT_EQ(all, "abcd");
}

TEST_F(PollerTest, AFullSocketIsWritableAgainOnceItIsRead) {
  Pair pair = connected();
  const std::string block(std::size_t{64} * 1024, 'x');
  std::size_t sent = 0;
  for (;;) {
    const ssize_t n = ::send(pair.watch->fd(), block.data(), block.size(), MSG_NOSIGNAL);
    if (n < 0) break;
    sent += static_cast<std::size_t>(n);
  }
  pair.watch->exhausted(kWrite);
  pair.watch->wait(kWrite, note("room"));
  context_.restart();
  context_.poll();
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(pair.peer.read(sent).size(), sent);
  run();
  EXPECT_EQ(told_, std::vector<std::string>{"room"});
}

TEST_F(PollerTest, ClosingEndsBothWaits) {
  Pair pair = connected();
  pair.watch->wait(kRead, note("read"));
  pair.watch->exhausted(kWrite);
  pair.watch->wait(kWrite, note("write"));
  pair.watch->close();
  EXPECT_TRUE(told_.empty()) << "told from within close()";
  run();
  EXPECT_EQ(told_,
            (std::vector<std::string>{"read Operation canceled", "write Operation canceled"}));
  EXPECT_EQ(pair.peer.read_all(), "");
}

TEST_F(PollerTest, WaitingOnAClosedSocketEndsAtOnce) {
  const Pair pair = connected();
  pair.watch->close();
  pair.watch->wait(kRead, note("read"));
  run();
  EXPECT_EQ(told_, std::vector<std::string>{"read Operation canceled"});
}

// Both are ready in the same round, and the one that is told first ends the other.
TEST_F(PollerTest, AWatchThatGoesDuringARoundIsToldNothing) {
  Pair one = connected(), other = connected();
  const auto end_other = [this](std::unique_ptr<Watch>& gone) {
    return [this, &gone](ErrorCode) {
      told_.emplace_back("one of them");
      gone.reset();
    };
  };
  one.watch->wait(kRead, end_other(other.watch));
  other.watch->wait(kRead, end_other(one.watch));
  ASSERT_TRUE(one.peer.send("x"));
  ASSERT_TRUE(other.peer.send("x"));
  run();
  EXPECT_EQ(told_.size(), 1u);
}

TEST_F(PollerTest, AWatchThatIsDueAndGoesIsToldNothing) {
  Pair one = connected(), other = connected();
  for (Pair* pair : {&one, &other}) {
    ASSERT_TRUE(pair->peer.send("x"));
    pair->watch->wait(kRead, note("ready"));
  }
  run();
  one.watch->wait(kRead, [&](ErrorCode) { other.watch.reset(); });
  other.watch->wait(kRead, note("late"));
  run();
  EXPECT_EQ(told_, (std::vector<std::string>{"ready", "ready"}));
}

TEST(Poller, AContextThatEndsDropsItsWaiters) {
  testing::Server server;
  const testing::Peer peer = testing::Peer::connect(server.port());
  auto alive = std::make_shared<int>(0);
  {
    asio::io_context context;
    testing::Peer accepted = server.accept();
    auto watch = std::make_shared<Watch>(context.get_executor(), Descriptor(accepted.release()));
    Watch& there = *watch;
    there.wait(kRead, [alive, watch](ErrorCode) {});  // as a coroutine owns what it waits for
    watch.reset();
    context.poll();
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace understudy
