#include "protocols/transport/connector.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "tests/support/loopback.h"

namespace understudy {
namespace {

/// Runs one connect_to() to its end on an io_context of its own.
ConnectOutcome connect_blocking(const Endpoint& to, std::chrono::milliseconds timeout) {
  asio::io_context context;
  ConnectOutcome outcome;
  ConnectCancel cancel;
  asio::co_spawn(context.get_executor(), connect_to(context.get_executor(), to, timeout, cancel),
                 [&outcome](const std::exception_ptr& escaped, ConnectOutcome result) {
                   EXPECT_FALSE(escaped);
                   outcome = std::move(result);
                 });
  context.run();
  outcome.stream.reset();  // it must not outlive its context
  return outcome;
}

TEST(Connector, ReachesAnAddressAndTellsTheTimes) {
  testing::Server server;
  const ConnectOutcome outcome =
      connect_blocking({"127.0.0.1", server.port()}, std::chrono::seconds(5));
  EXPECT_EQ(outcome.address, "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_GT(outcome.connect.count(), 0);
}

TEST(Connector, FallsBackOverTheAddressesOfAName) {
  testing::Server server;  // on 127.0.0.1 only: where localhost is ::1 first, that one is refused
  const ConnectOutcome outcome =
      connect_blocking({"localhost", server.port()}, std::chrono::seconds(5));
  EXPECT_EQ(outcome.address, "127.0.0.1:" + std::to_string(server.port()));
}

TEST(Connector, RefusedIsNotATimeout) {
  std::uint16_t port = 0;
  {
    testing::Server gone;
    port = gone.port();
  }
  const ConnectOutcome outcome = connect_blocking({"127.0.0.1", port}, std::chrono::seconds(5));
  EXPECT_TRUE(outcome.address.empty());
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_EQ(outcome.error.source, ErrorSource::Upstream);
  EXPECT_NE(outcome.error.what.find("refused"), std::string::npos);
}

TEST(Connector, AFullBacklogTimesOut) {
  // A listener whose queue is full answers no SYN: the nearest thing to a dead host on loopback.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 0), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  const testing::Peer queued = testing::Peer::connect(ntohs(address.sin_port));
  const ConnectOutcome outcome =
      connect_blocking({"127.0.0.1", ntohs(address.sin_port)}, std::chrono::milliseconds(150));
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_NE(outcome.error.what.find("150 ms"), std::string::npos);
  ::close(fd);
}

TEST(Connector, ACancelledAttemptEndsWithoutAStream) {
  testing::Server server;
  asio::io_context context;
  ConnectCancel cancel;
  cancel.cancel();
  bool connected = true;
  asio::co_spawn(context.get_executor(),
                 connect_to(context.get_executor(), {"127.0.0.1", server.port()},
                            std::chrono::seconds(5), cancel),
                 [&connected](const std::exception_ptr&, const ConnectOutcome& result) {
                   connected = result.stream.has_value();
                 });
  context.run();
  EXPECT_FALSE(connected);
}

TEST(Connector, AnUnknownNameSaysSo) {
  const ConnectOutcome outcome =
      connect_blocking({"no-such-host.invalid", 80}, std::chrono::seconds(5));
  EXPECT_TRUE(outcome.address.empty());
  EXPECT_EQ(outcome.error.where, "no-such-host.invalid:80");
}

}  // namespace
}  // namespace understudy
