#include "protocols/transport/listener.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/support/loopback.h"

namespace understudy {
namespace {

using testing::Peer;

/// Counts connections and on which worker they landed; echoes nothing.
class Arrivals {
 public:
  Listener::OnConnection handler() {
    return [this](Worker& worker, Stream stream) {
      const std::lock_guard lock(mutex_);
      workers_.insert(worker.index());
      stream.close();
      ++count_;
      changed_.notify_all();
    };
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(testing::kPatienceMs),
                             [&] { return count_ >= count; });
  }
  std::size_t workers() {
    const std::lock_guard lock(mutex_);
    return workers_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::set<std::size_t> workers_;
};

class ListenerTest : public ::testing::Test {
 protected:
  void SetUp() override { pool_.start(); }
  WorkerPool pool_{2};
};

TEST_F(ListenerTest, PortZeroBindsAFreePortThatItTells) {
  auto listener = Listener::open(pool_, {"127.0.0.1", 0});
  ASSERT_TRUE(listener) << describe(listener.error());
  EXPECT_NE((*listener)->port(), 0);
  EXPECT_EQ((*listener)->address(), "127.0.0.1:" + std::to_string((*listener)->port()));
  EXPECT_FALSE((*listener)->is_public());
}

TEST_F(ListenerTest, ConnectionsGoToTheWorkersInTurn) {
  Arrivals arrivals;
  auto listener = Listener::open(pool_, {"localhost", 0});
  ASSERT_TRUE(listener) << describe(listener.error());
  (*listener)->start(arrivals.handler());
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(Peer::connect((*listener)->port()).connected());
  EXPECT_TRUE(arrivals.wait_for(4));
  EXPECT_EQ(arrivals.workers(), 2u);
}

TEST_F(ListenerTest, ATakenPortNamesTheCause) {
  auto first = Listener::open(pool_, {"127.0.0.1", 0});
  ASSERT_TRUE(first);
  auto second = Listener::open(pool_, {"127.0.0.1", (*first)->port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().source, ErrorSource::Environment);
  EXPECT_NE(second.error().what.find("taken"), std::string::npos);
}

TEST_F(ListenerTest, AnAddressOfAnotherMachineIsRefused) {
  auto listener = Listener::open(pool_, {"192.0.2.1", 0});  // TEST-NET-1, never ours
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().source, ErrorSource::Environment);
}

TEST_F(ListenerTest, AllAdaptersAreToldAsAnAddressThatConnects) {
  auto listener = Listener::open(pool_, {"", 0});
  ASSERT_TRUE(listener) << describe(listener.error());
  EXPECT_TRUE((*listener)->is_public());
  EXPECT_EQ((*listener)->address(), "127.0.0.1:" + std::to_string((*listener)->port()));
  Arrivals arrivals;
  (*listener)->start(arrivals.handler());
  EXPECT_TRUE(Peer::connect((*listener)->port()).connected());
  EXPECT_TRUE(arrivals.wait_for(1));
}

TEST_F(ListenerTest, AfterStopThePortIsFree) {
  auto listener = Listener::open(pool_, {"127.0.0.1", 0});
  ASSERT_TRUE(listener);
  const std::uint16_t port = (*listener)->port();
  (*listener)->start([](Worker&, Stream) {});
  (*listener)->stop();
  EXPECT_FALSE(Peer::connect(port).connected());
  EXPECT_TRUE(Listener::open(pool_, {"127.0.0.1", port}));
}

}  // namespace
}  // namespace understudy
