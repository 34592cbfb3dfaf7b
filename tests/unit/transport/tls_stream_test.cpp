// Streams that speak TLS with each other over a real socket, from the handshake to the last byte.
#include "tls_stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

namespace understudy {
namespace {

using std::chrono::seconds;
using Status = IoResult::Status;

TEST_F(TlsStreamTest, AHandshakeIsDoneAndTold) {
  server_options_.alpn = {"http/1.1"};
  EXPECT_EQ(shake(client_side("api.example.com", {"h2", "http/1.1"})),
            std::pair(std::string(), std::string()));
  const TlsFacts client = tls_facts(client_->tls()->ssl(), true);
  EXPECT_EQ(client.version, "TLSv1.3");
  EXPECT_EQ(client.alpn, "http/1.1");
  EXPECT_EQ(client.verified, "ok");
  EXPECT_NE(client.peer_chain.find("BEGIN CERTIFICATE"), std::string::npos);
  const TlsFacts server = tls_facts(service_->tls()->ssl(), false);
  EXPECT_EQ(server.server_name, "api.example.com");
  EXPECT_EQ(server.verified, "not checked");
  EXPECT_EQ(server.own_chain.substr(0, 200), client.peer_chain.substr(0, 200));
}

TEST_F(TlsStreamTest, ManyRecordsArriveWholeThroughAFullSocket) {
  ASSERT_EQ(shake("api.example.com").first, "");
  const Bytes sent = pattern(std::size_t{6} * 1024 * 1024 + 7);
  Bytes got;
  IoResult end;
  asio::co_spawn(context_, send_all(*service_, sent), asio::detached);
  asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
  run();
  EXPECT_EQ(end.status, Status::Finished);
  EXPECT_EQ(got.size(), sent.size());
  EXPECT_TRUE(got == sent);
}

// All of it is in one record and in OpenSSL's hands after the first read: no edge will come.
TEST_F(TlsStreamTest, WhatOpensslHoldsIsToldToTheNextWait) {
  ASSERT_EQ(shake("api.example.com").first, "");
  const Bytes sent(10'000, 'x');
  const ByteView piece = sent;
  ASSERT_EQ(service_->try_write({&piece, 1}).size, sent.size());
  const Bytes got = client_reads_bit_by_bit(sent.size());
  EXPECT_EQ(got.size(), sent.size());
}

TEST_F(TlsStreamTest, SmallPiecesLeaveAsOneRecord) {
  ASSERT_EQ(shake("api.example.com").first, "");
  const std::vector<ByteView> pieces = {"GET ", "", "/a", " HTTP/1.1\r\n"};
  EXPECT_EQ(service_->try_write(pieces).size, 17u);
  Bytes got;
  IoResult end;
  asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
  service_->close();  // without close_notify: an end all the same
  run();
  EXPECT_EQ(got, "GET /a HTTP/1.1\r\n");
  EXPECT_EQ(end.status, Status::Finished);
}

TEST_F(TlsStreamTest, AnUnknownAuthorityIsRefusedInOpensslsWords) {
  client_options_.ca_file.clear();
  const auto [client, server] = shake("api.example.com");
  EXPECT_NE(client.find("unable to get local issuer certificate"), std::string::npos) << client;
  EXPECT_NE(server.find("unknown ca"), std::string::npos) << server;
}

TEST_F(TlsStreamTest, UncheckedCertificatesAreTaken) {
  client_options_.ca_file.clear();
  client_options_.verify = false;
  EXPECT_EQ(shake("api.example.com").first, "");
}

TEST_F(TlsStreamTest, AnAddressIsCheckedAsOne) {
  names_ = {"127.0.0.1"};  // addresses are not sent as names
  EXPECT_EQ(shake("127.0.0.1").first, "");
}

TEST_F(TlsStreamTest, AWrongHostIsRefused) {
  names_ = {"10.0.0.1"};
  EXPECT_NE(shake("127.0.0.1").first.find("IP address mismatch"), std::string::npos);
}

TEST_F(TlsStreamTest, ANameThatNoCertificateCanBeForFailsTheHandshake) {
  const auto [client, server] = shake("no spaces.example.com");
  EXPECT_NE(client, "");
  EXPECT_NE(server, "");
}

TEST_F(TlsStreamTest, AClientWithoutEcdsaGetsAnRsaLeaf) {
  client_options_.basics.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
  SslHandle ssl = client_side("api.example.com");
  SSL_set_max_proto_version(ssl.get(), TLS1_2_VERSION);
  HandshakeOutcome client = unended(), server = unended();
  spawn(tls_handshake(*client_, std::move(ssl), seconds(5)), client);
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  run();
  EXPECT_EQ(client.why, "");
  EXPECT_EQ(tls_facts(client_->tls()->ssl(), true).cipher, "ECDHE-RSA-AES128-GCM-SHA256");
}

// Small devices ask for records that fit into their memory.
TEST_F(TlsStreamTest, NothingIsLostToAClientThatAsksForSmallRecords) {
  SslHandle ssl = client_side("api.example.com");
  ASSERT_EQ(SSL_set_tlsext_max_fragment_length(ssl.get(), TLSEXT_max_fragment_length_512), 1);
  HandshakeOutcome client = unended(), server = unended();
  spawn(tls_handshake(*client_, std::move(ssl), seconds(5)), client);
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  run();
  ASSERT_EQ(client.why, "");
  const Bytes sent = pattern(100'000);
  Bytes got;
  IoResult end;
  asio::co_spawn(context_, send_all(*service_, sent), asio::detached);
  asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
  run();
  EXPECT_EQ(got.size(), sent.size());
  EXPECT_TRUE(got == sent);
}

TEST_F(TlsStreamTest, ManyPiecesOfAllSizesArriveInOrder) {
  ASSERT_EQ(shake("api.example.com").first, "");
  const Bytes all = pattern(90'000);
  std::vector<ByteView> pieces;
  std::size_t at = 0;
  for (const std::size_t size : {1u, 0u, 16'383u, 1u, 0u, 16'384u, 16'385u, 7u, 33'000u, 0u}) {
    pieces.push_back(ByteView(all).substr(at, size));
    at += size;
  }
  Bytes got;
  IoResult end;
  ASSERT_EQ(service_->try_write(pieces).size, at);
  service_->finish_sending();
  asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
  run();
  EXPECT_TRUE(got == all.substr(0, at));
}

/// Reads `left` bytes that are not TLS past it.
Task<void> skip(Stream& stream, std::size_t left) {
  Bytes buffer(std::size_t{64} * 1024, '\0');
  while (left > 0) {
    co_await stream.readable();
    const ssize_t n = ::recv(stream.watch().fd(), buffer.data(), std::min(buffer.size(), left), 0);
    if (n > 0) left -= static_cast<std::size_t>(n);
    if (n <= 0) stream.watch().exhausted(Watch::For::Read);
  }
}

// Foreign bytes fill the socket, so that close_notify has no room until the client took them.
TEST_F(TlsStreamTest, CloseNotifyWaitsForRoom) {
  ASSERT_EQ(shake("api.example.com").first, "");
  SSL_clear_options(client_->tls()->ssl(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  std::array<char, 16> buffer;
  ASSERT_EQ(client_->try_read(buffer).status, Status::NotNow);  // takes the session tickets
  const Bytes foreign(std::size_t{64} * 1024, 'x');
  std::size_t filled = 0;
  const int fd = service_->watch().fd();
  for (ssize_t n = 0; n >= 0; n = ::send(fd, foreign.data(), foreign.size(), 0))
    filled += static_cast<std::size_t>(n);
  service_->finish_sending();
  asio::co_spawn(context_, skip(*client_, filled), asio::detached);
  run();
  EXPECT_EQ(client_->try_read(buffer).status, Status::Finished);
}

TEST_F(TlsStreamTest, ASecondConnectionResumesTheFirst) {
  ASSERT_EQ(shake("api.example.com").first, "");
  // Tickets come after the handshake, with the first read.
  const ByteView hello = "hello";
  ASSERT_EQ(service_->try_write({&hello, 1}).size, hello.size());
  Bytes got;
  IoResult end;
  asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
  service_->finish_sending();
  run();
  ASSERT_EQ(got, hello);
  connect();
  ASSERT_EQ(shake("api.example.com").first, "");
  EXPECT_TRUE(tls_facts(client_->tls()->ssl(), true).resumed);
  EXPECT_EQ(tls_facts(client_->tls()->ssl(), true).verified, "ok");
}

TEST_F(TlsStreamTest, ASilentPeerTimesOut) {
  HandshakeOutcome server = unended();
  spawn(tls_handshake(*service_, server_side(), std::chrono::milliseconds(50)), server);
  run();
  EXPECT_EQ(server.why, "the handshake did not end within 50 ms");
  EXPECT_TRUE(server.timed_out);
  EXPECT_FALSE(server.not_tls);
}

TEST_F(TlsStreamTest, AClientThatRefusesTheCertificateIsKnownByItsAlert) {
  client_options_.ca_file.clear();
  HandshakeOutcome client = unended(), server = unended();
  spawn(tls_handshake(*client_, client_side("api.example.com"), seconds(5)), client);
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  run();
  EXPECT_TRUE(server.refused_our_certificate) << server.why;
  EXPECT_FALSE(client.refused_our_certificate) << client.why;
}

TEST_F(TlsStreamTest, AnotherAlertIsNoRefusalOfTheCertificate) {
  client_options_.basics.min_version = "1.3";
  HandshakeOutcome client = unended(), server = unended();
  SslHandle old = server_side();
  SSL_set_max_proto_version(old.get(), TLS1_2_VERSION);
  spawn(tls_handshake(*client_, client_side("api.example.com"), seconds(5)), client);
  spawn(tls_handshake(*service_, std::move(old), seconds(5)), server);
  run();
  EXPECT_NE(client.why, "");
  EXPECT_NE(server.why, "");
  EXPECT_FALSE(server.refused_our_certificate) << server.why;
}

TEST_F(TlsStreamTest, WhatAConfigurationSaysWronglyIsNamed) {
  const auto complaint = [](const TlsClientOptions& options) {
    const auto made = TlsClientContext::make(options);
    return made ? std::string("none") : describe(made.error());
  };
  TlsClientOptions options;
  options.basics.min_version = "2.0";
  EXPECT_NE(complaint(options).find("expected 1.0, 1.1, 1.2 or 1.3"), std::string::npos);
  options = {};
  options.basics.ciphers = "NO-SUCH";
  EXPECT_NE(complaint(options).find("ciphers: \"NO-SUCH\""), std::string::npos);
  options = {};
  options.ca_file = "no/such/file.pem";
  EXPECT_NE(complaint(options).find("no/such/file.pem: "), std::string::npos);
  options = {};
  options.certificate = "no/such/file.pem";
  EXPECT_NE(complaint(options).find("no/such/file.pem"), std::string::npos);
}

}  // namespace
}  // namespace understudy
