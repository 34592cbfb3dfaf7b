// How TLS begins: with bytes that somebody read already, or not at all.
#include "tls_stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace understudy {
namespace {

using std::chrono::seconds;
using Status = IoResult::Status;

class TlsFirstBytesTest : public TlsStreamTest {
 protected:
  /// Waits until all of the client's hello is there; its size.
  static Task<void> until_hello(Stream& service, std::size_t& size) {
    std::array<char, 5> header{};
    std::array<char, 4096> hello;
    for (;;) {
      co_await service.readable();
      if (service.try_peek(header).size < header.size()) continue;
      size = std::size_t{5} + static_cast<unsigned char>(header[3]) * 256u +
             static_cast<unsigned char>(header[4]);
      if (service.try_peek(hello).size >= size) co_return;
    }
  }

  /// Reads `count` bytes of it as a relay does, then begins TLS.
  static Task<HandshakeOutcome> read_then_shake(Stream& service, SslHandle ssl, std::size_t count,
                                                std::size_t& size) {
    co_await until_hello(service, size);
    Bytes already_read(std::min(count, size), '\0');
    const IoResult got = service.try_read(already_read);
    EXPECT_EQ(got.size, already_read.size());
    HandshakeOutcome outcome =
        co_await tls_handshake(service, std::move(ssl), seconds(5), std::move(already_read));
    co_return outcome;
  }

  /// The server's outcome for a client that sends `bytes`, of which `read_before` are read first.
  HandshakeOutcome serve(ByteView bytes, std::size_t read_before = 0) {
    EXPECT_EQ(client_->try_write({&bytes, 1}).size, bytes.size());
    Bytes already_read(read_before, '\0');
    if (read_before > 0) {
      EXPECT_EQ(service_->try_read(already_read).size, read_before);
    }
    HandshakeOutcome server = unended();
    spawn(tls_handshake(*service_, server_side(), seconds(5), std::move(already_read)), server);
    run();
    return server;
  }
};

TEST_F(TlsFirstBytesTest, TheHelloMayHaveBeenReadUpToAnyByte) {
  std::size_t size = 1;
  for (std::size_t split = 1; split <= size; ++split) {
    connect();
    HandshakeOutcome client = unended(), server = unended();
    spawn(tls_handshake(*client_, client_side("api.example.com"), seconds(5)), client);
    spawn(read_then_shake(*service_, server_side(), split, size), server);
    run();
    ASSERT_EQ(client.why, "") << "split " << split;
    ASSERT_EQ(server.why, "") << "split " << split;
  }
  EXPECT_GT(size, 100u);  // a hello it was
  const ByteView hello = "hello";
  ASSERT_EQ(client_->try_write({&hello, 1}).size, hello.size());
  client_->finish_sending();
  Bytes got;
  IoResult end;
  asio::co_spawn(context_, read_all(*service_, got, end), asio::detached);
  run();
  EXPECT_EQ(got, hello);
}

TEST_F(TlsFirstBytesTest, AClientThatSpeaksPlainIsTold) {
  const HandshakeOutcome server = serve("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(server.not_tls);
  EXPECT_EQ(server.why, "the peer does not speak TLS: it began with 47 45 54 20 2f (GET /)");
  EXPECT_EQ(server.strays, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_F(TlsFirstBytesTest, ItCanBeAnsweredPlainly) {
  ASSERT_TRUE(serve("GET / HTTP/1.1\r\n\r\n").not_tls);
  EXPECT_EQ(service_->tls(), nullptr);
  const ByteView answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  EXPECT_EQ(service_->try_write({&answer, 1}).size, answer.size());
  service_->finish_sending();
  Bytes got;
  IoResult end;
  asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
  run();
  EXPECT_EQ(got, answer);  // and no alert before it
  EXPECT_EQ(end.status, Status::Finished);
}

TEST_F(TlsFirstBytesTest, PlainBytesThatWereReadBeforeAreNotLost) {
  const HandshakeOutcome server = serve("GET / HTTP/1.1\r\n\r\n", 3);
  EXPECT_TRUE(server.not_tls);
  EXPECT_EQ(server.strays, "GET");
  std::array<char, 64> rest;
  EXPECT_EQ(service_->try_read(rest).size, 15u);
}

TEST_F(TlsFirstBytesTest, MorePlainBytesThanOneReadTakesAreNotLostEither) {
  const Bytes sent(50'000, 'x');
  EXPECT_EQ(serve(sent, sent.size()).strays, sent);
}

TEST_F(TlsFirstBytesTest, OneByteIsEnoughToTell) {
  const HandshakeOutcome server = serve({"\0", 1});
  EXPECT_TRUE(server.not_tls);
  EXPECT_EQ(server.why, "the peer does not speak TLS: it began with 00 (.)");
}

TEST_F(TlsFirstBytesTest, GarbageThatBeginsLikeARecordIsRefusedAsTls) {
  const Bytes garbage = "\x16GARBAGE AND MORE OF IT";
  const HandshakeOutcome server = serve(garbage);
  EXPECT_NE(server.why, "");
  EXPECT_NE(server.why, "never ended");
  EXPECT_FALSE(server.not_tls);
}

TEST_F(TlsFirstBytesTest, AHelloThatIsCutOffIsAClosedConnection) {
  HandshakeOutcome client = unended(), server = unended();
  spawn(tls_handshake(*client_, client_side("api.example.com"), seconds(5)), client);
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  const Bytes start = "\x16\x03\x01\x02";
  const ByteView piece = start;
  ASSERT_EQ(client_->try_write({&piece, 1}).size, start.size());
  client_->close();
  run();
  EXPECT_EQ(server.why, "the peer closed the connection during the handshake");
}

TEST_F(TlsFirstBytesTest, AServerThatSpeaksPlainIsTold) {
  const ByteView banner = "220 mail.example.com ESMTP\r\n";
  ASSERT_EQ(service_->try_write({&banner, 1}).size, banner.size());
  HandshakeOutcome client = unended();
  spawn(tls_handshake(*client_, client_side("mail.example.com"), seconds(5)), client);
  run();
  EXPECT_TRUE(client.not_tls);
  EXPECT_EQ(client.why, "the peer does not speak TLS: it began with 32 32 30 20 6d (220 m)");
}

}  // namespace
}  // namespace understudy
