// Connecting through proxies that agree, refuse, break off or say nothing.
#include "protocols/transport/proxy_tunnel.h"

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <thread>

#include "tests/support/loopback.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using Kind = UpstreamProxy::Kind;

constexpr std::string_view kConnected = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
const Bytes kSocksConnected("\x05\x00\x05\x00\x00\x01\x0a\x00\x00\x01\x1f\x90", 12);

std::string read_head(testing::Peer& peer) {
  std::string head;
  while (!head.ends_with("\r\n\r\n") && !peer.ended())
    head += peer.read(1);
  return head;
}

class ProxyTunnelTest : public ::testing::Test {
 protected:
  ProxyTunnelTest() { proxy_.at = {"127.0.0.1", server_.port()}; }

  /// Connects to `destination_` while `script` plays the proxy on a thread of its own.
  const ConnectOutcome& connect(const std::function<void(testing::Peer&)>& script,
                                milliseconds timeout = milliseconds(testing::kPatienceMs)) {
    const std::jthread proxy([&] {
      testing::Peer peer = server_.accept();
      script(peer);
    });
    run(timeout);
    // The script may wait for our end; what it sent stays to be read.
    if (outcome_.stream) ::shutdown(outcome_.stream->watch().fd(), SHUT_WR);
    return outcome_;
  }

  void run(milliseconds timeout) {
    context_.restart();
    asio::co_spawn(context_,
                   connect_to(context_.get_executor(), destination_, timeout, cancel_, &proxy_),
                   [this](const std::exception_ptr& escaped, ConnectOutcome result) {
                     EXPECT_FALSE(escaped);
                     outcome_ = std::move(result);
                   });
    context_.run();
  }

  /// The sentence, for a proxy that says all of `words` at once and reads the rest.
  std::string refusal(const Bytes& words) {
    connect([&](testing::Peer& peer) {
      peer.send(words);
      peer.read_all();
    });
    EXPECT_FALSE(outcome_.stream.has_value());
    EXPECT_EQ(outcome_.error.source, ErrorSource::Upstream);
    EXPECT_EQ(outcome_.error.where, to_string(destination_));
    return outcome_.error.what;
  }

  /// Proxies begin all sentences so.
  [[nodiscard]] std::string proxy_did(const std::string& what) const {
    return "the upstream proxy " + to_string(proxy_.at) + " " + what;
  }

  void use_socks() {
    proxy_.kind = Kind::Socks5;
    proxy_.user = proxy_.password = "";
  }

  /// Every way to cut `words` short is an error, and none hangs.
  void expect_cuts_to_fail(const Bytes& words) {
    for (std::size_t size = 0; size < words.size(); ++size) {
      connect([&](testing::Peer& peer) {
        peer.send(words.substr(0, size));
        peer.finish_sending();
        peer.read_all();
      });
      ASSERT_FALSE(outcome_.stream.has_value()) << size;
      ASSERT_EQ(outcome_.error.what, proxy_did("closed the connection before it answered")) << size;
    }
  }

  /// Arriving in two parts, wherever cut, they are understood, and what follows is not lost.
  void expect_splits_to_work(const Bytes& words) {
    const Bytes all = words + "220 upstream speaks first";
    for (std::size_t size = 1; size < all.size(); ++size) {
      connect([&](testing::Peer& peer) {
        const int on = 1;
        ::setsockopt(peer.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        peer.send(all.substr(0, size));
        for (int unsent = 1; unsent > 0; std::this_thread::yield())  // until it is over there
          ::ioctl(peer.fd(), SIOCOUTQ, &unsent);
        peer.send(all.substr(size));
        peer.read_all();
      });
      ASSERT_TRUE(outcome_.stream.has_value()) << size << ": " << outcome_.error.what;
      ASSERT_EQ(rest_of_stream(25), "220 upstream speaks first") << size;
    }
  }

  std::string rest_of_stream(std::size_t size) {
    testing::Peer peer(outcome_.stream->release_socket().release());
    return peer.read(size);
  }

  testing::Server server_;
  asio::io_context context_;
  ConnectCancel cancel_;
  Endpoint destination_{"api.example.com", 443};
  UpstreamProxy proxy_;
  ConnectOutcome outcome_;
};

TEST_F(ProxyTunnelTest, ConnectAsksForHostAndPort) {
  std::string asked;
  const auto& outcome = connect([&](testing::Peer& peer) {
    asked = read_head(peer);
    peer.send(kConnected);
  });
  EXPECT_EQ(asked, "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n");
  ASSERT_TRUE(outcome.stream.has_value()) << outcome.error.what;
  EXPECT_EQ(outcome.address, to_string(proxy_.at));
  EXPECT_GT(outcome.connect.count(), 0);
}

TEST_F(ProxyTunnelTest, AnAddressIsAskedForInBrackets) {
  destination_ = {"2001:db8::1", 8443};
  std::string asked;
  connect([&](testing::Peer& peer) {
    asked = read_head(peer);
    peer.send(kConnected);
  });
  EXPECT_TRUE(asked.starts_with("CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n")) << asked;
}

TEST_F(ProxyTunnelTest, AUserIsNamedToAnHttpProxy) {
  proxy_.user = "Aladdin";
  proxy_.password = "open sesame";
  std::string asked;
  connect([&](testing::Peer& peer) {
    asked = read_head(peer);
    peer.send(kConnected);
  });
  EXPECT_TRUE(
      asked.ends_with("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"))
      << asked;
}

TEST_F(ProxyTunnelTest, InterimAnswersAreNoAnswer) {
  connect([](testing::Peer& peer) {
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n");
    peer.send(kConnected);
  });
  EXPECT_TRUE(outcome_.stream.has_value()) << outcome_.error.what;
}

TEST_F(ProxyTunnelTest, AnHttpRefusalNamesProxyDestinationAndStatus) {
  EXPECT_EQ(refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
            proxy_did("refused CONNECT to api.example.com:443: 403 Forbidden"));
  EXPECT_EQ(refusal("HTTP/1.0 407 Proxy Authentication Required\r\n\r\n"),
            proxy_did("refused CONNECT to api.example.com:443: 407 Proxy Authentication Required"));
  EXPECT_EQ(refusal("HTTP/1.1 502\r\n\r\n"),
            proxy_did("refused CONNECT to api.example.com:443: 502"));
  EXPECT_EQ(refusal("HTTP/1.1 302 Go \x1b[31m away\r\nLocation: /\r\n\r\n"),
            proxy_did("refused CONNECT to api.example.com:443: 302 Go .[31m away"));
}

TEST_F(ProxyTunnelTest, WhatIsNoHttpIsShownInPart) {
  EXPECT_EQ(refusal("SSH-2.0-OpenSSH\r\n\r\n"),
            proxy_did("answered with no HTTP: \"SSH-2.0-OpenSSH....\""));
  EXPECT_EQ(refusal("HTTP/1.1 2\r\n\r\n"), proxy_did("answered with no HTTP: \"HTTP/1.1 2....\""));
  EXPECT_EQ(refusal(Bytes(20'000, 'x')), proxy_did("answered with a head of more than 16 KiB"));
}

TEST_F(ProxyTunnelTest, AnHttpAnswerCutAnywhereIsAnError) {
  expect_cuts_to_fail(Bytes(kConnected));
}

TEST_F(ProxyTunnelTest, AnHttpAnswerMayArriveInParts) {
  expect_splits_to_work(Bytes(kConnected));
}

TEST_F(ProxyTunnelTest, SocksResolvesNamesAtTheProxy) {
  use_socks();
  std::string greeting, asked;
  const auto& outcome = connect([&](testing::Peer& peer) {
    greeting = peer.read(3);
    peer.send(kSocksConnected.substr(0, 2));
    asked = peer.read(22);
    peer.send(kSocksConnected.substr(2));
  });
  EXPECT_EQ(greeting, Bytes("\x05\x01\x00", 3));
  EXPECT_EQ(asked, Bytes("\x05\x01\x00\x03\x0f"
                         "api.example.com\x01\xbb",
                         22));
  EXPECT_TRUE(outcome.stream.has_value()) << outcome.error.what;
}

TEST_F(ProxyTunnelTest, SocksTakesAddressesAsOctets) {
  use_socks();
  const auto asked_for = [this](const Endpoint& destination, std::size_t size) {
    destination_ = destination;
    std::string asked;
    connect([&](testing::Peer& peer) {
      peer.read(3);
      peer.send(kSocksConnected.substr(0, 2));
      asked = peer.read(size);
      peer.send(kSocksConnected.substr(2));
    });
    return asked;
  };
  EXPECT_EQ(asked_for({"192.0.2.1", 80}, 10),
            Bytes("\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50", 10));
  EXPECT_EQ(asked_for({"2001:db8::1", 80}, 22),
            Bytes("\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50", 22));
}

TEST_F(ProxyTunnelTest, AUserIsNamedToASocksProxyThatAsks) {
  use_socks();
  proxy_.user = "user";
  proxy_.password = "secret";
  std::string greeting, login;
  connect([&](testing::Peer& peer) {
    greeting = peer.read(4);
    peer.send(Bytes("\x05\x02", 2));
    login = peer.read(13);
    peer.send(Bytes("\x01\x00", 2));
    peer.read(22);
    peer.send(kSocksConnected.substr(2));
  });
  EXPECT_EQ(greeting, Bytes("\x05\x02\x00\x02", 4));
  EXPECT_EQ(login, Bytes("\x01\x04user\x06secret", 13));
  EXPECT_TRUE(outcome_.stream.has_value()) << outcome_.error.what;
}

TEST_F(ProxyTunnelTest, SocksRefusalsAreNamed) {
  use_socks();
  const std::vector<std::pair<char, std::string>> codes = {
      {1, "general failure"},       {2, "not allowed by its rules"},   {3, "network unreachable"},
      {4, "host unreachable"},      {5, "connection refused"},         {6, "time to live expired"},
      {7, "command not supported"}, {8, "address type not supported"}, {9, "code 9"},
      {'\xff', "code 255"}};
  for (const auto& [code, reason] : codes) {
    EXPECT_EQ(refusal(Bytes("\x05\x00\x05", 3) + code + Bytes("\x00\x01\0\0\0\0\0\0", 8)),
              proxy_did("refused to connect to api.example.com:443: " + reason));
  }
  EXPECT_EQ(refusal(Bytes("\x05\xff", 2)), proxy_did("wants a user and a password"));
  EXPECT_EQ(refusal(Bytes("\x05\x02", 2)), proxy_did("wants method 02, which was not offered"));
  EXPECT_EQ(refusal("HTTP/1.1 400 Bad Request\r\n\r\n"),
            proxy_did("does not speak SOCKS 5: it answered with 48"));
  proxy_.user = "user";
  EXPECT_EQ(refusal(Bytes("\x05\xff", 2)), proxy_did("takes neither user and password nor none"));
  EXPECT_EQ(refusal(Bytes("\x05\x02\x01\x01", 4)), proxy_did("refused the user and password"));
}

TEST_F(ProxyTunnelTest, ASocksAnswerCutAnywhereIsAnError) {
  use_socks();
  expect_cuts_to_fail(kSocksConnected);
  proxy_.user = "user";
  expect_cuts_to_fail(Bytes("\x05\x02\x01\x00", 4) +
                      Bytes("\x05\x00\x00\x03\x05proxy\x00\x50", 12));
}

TEST_F(ProxyTunnelTest, ASocksAnswerMayArriveInParts) {
  use_socks();
  expect_splits_to_work(kSocksConnected);
  expect_splits_to_work(Bytes("\x05\x00\x05\x00\x00\x03\x05proxy\x00\x50", 14));
  expect_splits_to_work(
      Bytes("\x05\x00\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50", 24));
}

TEST_F(ProxyTunnelTest, AProxyThatSaysNothingTimesOut) {
  for (const Kind kind : {Kind::Http, Kind::Socks5}) {
    proxy_.kind = kind;
    const auto& outcome = connect([](testing::Peer& peer) { peer.read_all(); }, milliseconds(100));
    EXPECT_TRUE(outcome.timed_out);
    EXPECT_EQ(outcome.error.what, proxy_did("did not answer within 100 ms"));
  }
}

TEST_F(ProxyTunnelTest, AProxyThatBreaksOffIsNamed) {
  connect([](testing::Peer& peer) {
    peer.read(10);
    peer.reset();
  });
  EXPECT_TRUE(outcome_.error.what.starts_with(proxy_did("broke off: "))) << outcome_.error.what;
}

TEST_F(ProxyTunnelTest, AProxyThatIsNotThereIsNamed) {
  server_.close();
  run(milliseconds(testing::kPatienceMs));
  EXPECT_EQ(outcome_.error.what,
            proxy_did("cannot be reached: connection refused: nothing listens there"));
  EXPECT_EQ(outcome_.error.where, "api.example.com:443");
}

TEST_F(ProxyTunnelTest, ACancelledAttemptEndsWithoutAStream) {
  const auto& outcome = connect([this](testing::Peer& peer) {
    peer.read(10);
    asio::post(context_, [this] { cancel_.cancel(); });
    peer.read_all();
  });
  EXPECT_FALSE(outcome.stream.has_value());
}

TEST_F(ProxyTunnelTest, ExceptionsAreConnectedToDirectly) {
  destination_ = {"127.0.0.1", server_.port()};
  proxy_.at = {"127.0.0.1", 9};  // nobody there
  proxy_.except = {"127.0.0.0/8"};
  connect([](testing::Peer&) {});
  EXPECT_TRUE(outcome_.stream.has_value()) << outcome_.error.what;
}

TEST_F(ProxyTunnelTest, AHostThatWouldBeAnotherRequestIsNotAskedFor) {
  for (const std::string& host :
       {std::string("a\r\nX: y"), std::string("a b"), std::string(), std::string(256, 'a')}) {
    destination_.host = host;
    EXPECT_EQ(refusal(Bytes(kConnected)), proxy_did("cannot be asked for a host of that name"));
  }
}

}  // namespace
}  // namespace understudy
