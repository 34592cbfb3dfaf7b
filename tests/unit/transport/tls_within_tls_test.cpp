// TLS within TLS, as in a tunnel through a proxy that is itself reached over TLS.
#include "tls_stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace understudy {
namespace {

using std::chrono::seconds;
using Status = IoResult::Status;

class TlsWithinTlsTest : public TlsStreamTest {
 protected:
  void shake_twice() {
    ASSERT_EQ(shake("proxy.example.com"), std::pair(std::string(), std::string()));
    ASSERT_EQ(shake("api.example.com"), std::pair(std::string(), std::string()));
  }

  void send(Stream& stream, const Bytes& bytes) {
    asio::co_spawn(context_, send_all(stream, bytes), asio::detached);
  }
  void read(Stream& stream, Bytes& into, IoResult& end) {
    asio::co_spawn(context_, read_all(stream, into, end), asio::detached);
  }
};

TEST_F(TlsWithinTlsTest, EachLayerHasItsOwnName) {
  shake_twice();
  const TlsLayer& inner = *service_->tls();
  ASSERT_NE(inner.outer(), nullptr);
  EXPECT_EQ(inner.outer()->outer(), nullptr);
  EXPECT_EQ(tls_facts(inner.ssl(), false).server_name, "api.example.com");
  EXPECT_EQ(tls_facts(inner.outer()->ssl(), false).server_name, "proxy.example.com");
}

TEST_F(TlsWithinTlsTest, LargeTransfersBothWaysAtOnceArriveWholeThroughSmallBuffers) {
  use_small_buffers();
  shake_twice();
  const Bytes up = pattern(1'500'001, 7), down = pattern(2'000'003, 11);
  Bytes got_up, got_down;
  IoResult end_up, end_down;
  send(*client_, up);
  send(*service_, down);
  read(*service_, got_up, end_up);
  read(*client_, got_down, end_down);
  run();
  EXPECT_EQ(got_up.size(), up.size());
  EXPECT_TRUE(got_up == up);
  EXPECT_EQ(got_down.size(), down.size());
  EXPECT_TRUE(got_down == down);
  EXPECT_EQ(end_up.status, Status::Finished);
  EXPECT_EQ(end_down.status, Status::Finished);
}

TEST_F(TlsWithinTlsTest, ThreeLayersCarryToo) {
  use_small_buffers();
  shake_twice();
  ASSERT_EQ(shake("third.example.com"), std::pair(std::string(), std::string()));
  const Bytes sent = pattern(500'000);
  Bytes got;
  IoResult end;
  send(*service_, sent);
  read(*client_, got, end);
  run();
  EXPECT_TRUE(got == sent);
}

// All of it is in one record of the outer layer and in OpenSSL's hands after the first read.
TEST_F(TlsWithinTlsTest, WhatTheOuterLayerHoldsIsToldToTheNextWait) {
  shake_twice();
  const Bytes sent = pattern(10'000);
  const ByteView piece = sent;
  ASSERT_EQ(service_->try_write({&piece, 1}).size, sent.size());
  const Bytes got = client_reads_bit_by_bit(sent.size());
  EXPECT_TRUE(got == sent);
}

// A proxy reads "CONNECT …" from the outer layer, and a hasty client's hello with it.
TEST_F(TlsWithinTlsTest, TheInnerHelloMayHaveBeenReadFromTheOuterLayer) {
  ASSERT_EQ(shake("proxy.example.com").first, "");
  HandshakeOutcome client = unended(), server = unended();
  spawn(tls_handshake(*client_, client_side("api.example.com"), seconds(5)), client);
  asio::co_spawn(
      context_,
      [](Stream& service, SslHandle ssl) -> Task<HandshakeOutcome> {
        Bytes first(200, '\0');
        for (std::size_t have = 0; have < first.size();) {
          co_await service.readable();
          have += service.try_read(std::span(first).subspan(have)).size;
        }
        HandshakeOutcome outcome =
            co_await tls_handshake(service, std::move(ssl), seconds(5), std::move(first));
        co_return outcome;
      }(*service_, server_side()),
      [&server](const std::exception_ptr& escaped, HandshakeOutcome result) {
        EXPECT_FALSE(escaped);
        server = std::move(result);
      });
  run();
  EXPECT_EQ(client.why, "");
  EXPECT_EQ(server.why, "");
}

TEST_F(TlsWithinTlsTest, EachLayerSendsItsOwnEnd) {
  shake_twice();
  for (TlsLayer* layer = client_->tls(); layer != nullptr; layer = layer->outer())
    SSL_clear_options(layer->ssl(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  service_->finish_sending();
  Bytes got;
  IoResult inner_end;
  read(*client_, got, inner_end);
  run();
  EXPECT_EQ(inner_end.status, Status::Finished);
  std::array<char, 16> buffer;
  EXPECT_EQ(client_->tls()->outer()->read(buffer).status, Status::Finished);
}

TEST_F(TlsWithinTlsTest, APlainPeerWithinTlsCanBeAnsweredThere) {
  ASSERT_EQ(shake("proxy.example.com").first, "");
  const ByteView request = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(client_->try_write({&request, 1}).size, request.size());
  HandshakeOutcome server = unended();
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  run();
  EXPECT_TRUE(server.not_tls);
  EXPECT_EQ(server.strays, request);
  ASSERT_NE(service_->tls(), nullptr);
  Bytes got;
  IoResult end;
  const Bytes answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  send(*service_, answer);
  read(*client_, got, end);
  run();
  EXPECT_EQ(got, answer);
}

TEST_F(TlsWithinTlsTest, AClientThatLeavesInTheMiddleEndsBothDirections) {
  use_small_buffers();
  shake_twice();
  const Bytes up = pattern(50'000), down = pattern(2'000'000);
  Bytes got;
  IoResult end;
  bool sent = false;
  asio::co_spawn(context_, send_all(*service_, down),
                 [&sent](const std::exception_ptr& escaped) { sent = !escaped; });
  read(*service_, got, end);
  asio::co_spawn(
      context_,
      [](Stream& client, ByteView bytes) -> Task<void> {
        std::array<char, 1000> buffer;
        std::size_t seen = 0;
        while (seen < 100'000) {
          co_await client.readable();
          seen += client.try_read(buffer).size;
          if (bytes.empty()) continue;
          bytes.remove_prefix(client.try_write({&bytes, 1}).size);
        }
        client.reset();
      }(*client_, up),
      asio::detached);
  run();
  EXPECT_TRUE(sent);
  EXPECT_EQ(end.status, Status::Broken);
  EXPECT_EQ(end.error, boost::system::errc::connection_reset);
  EXPECT_TRUE(got == up.substr(0, got.size()));
}

TEST_F(TlsWithinTlsTest, AClientThatLeavesDuringTheInnerHandshakeIsSaidSo) {
  ASSERT_EQ(shake("proxy.example.com").first, "");
  HandshakeOutcome server = unended();
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  client_->finish_sending();
  run();
  EXPECT_EQ(server.why, "the peer closed the connection during the handshake");
}

TEST_F(TlsWithinTlsTest, AnInnerAlertArrivesAsTheInnersReason) {
  ASSERT_EQ(shake("proxy.example.com").first, "");
  client_options_.ca_file.clear();
  client_context_.reset();
  const auto [client, server] = shake("api.example.com");
  EXPECT_EQ(client, "unable to get local issuer certificate");
  EXPECT_NE(server.find("unknown ca"), std::string::npos) << server;
}

}  // namespace
}  // namespace understudy
