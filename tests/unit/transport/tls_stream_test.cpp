// Streams that speak TLS with each other over a real socket, from the handshake to the last byte.
#include "certificate_fixture.h"

#include "protocols/transport/tls_context.h"
#include "protocols/transport/tls_facts.h"
#include "protocols/transport/tls_handshake.h"
#include "protocols/transport/tls_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fstream>

#include "tests/support/loopback.h"

namespace understudy {
namespace {

using std::chrono::seconds;
using Status = IoResult::Status;

class TlsStreamTest : public CertificateTest {
 protected:
  void SetUp() override {
    CertificateTest::SetUp();
    authority_ = authority();
    ca_file_ = path("ca-of-test.pem");
    std::ofstream(ca_file_) << authority_->root_pem();
    client_options_.ca_file = ca_file_;
    connect();
  }

  void connect() {
    testing::Peer peer = testing::Peer::connect(server_.port());
    testing::Peer accepted = server_.accept();
    for (const int fd : {peer.fd(), accepted.fd()})
      ::fcntl(fd, F_SETFL, O_NONBLOCK);
    client_.emplace(context_.get_executor(), Descriptor(peer.release()));
    service_.emplace(context_.get_executor(), Descriptor(accepted.release()));
  }

  /// What the client, then what the server says of the handshake; empty = fine.
  std::pair<std::string, std::string> shake(const std::string& name) {
    if (!client_context_) client_context_ = *TlsClientContext::make(client_options_);
    if (!server_context_)
      server_context_ = *TlsServerContext::make(server_options_, leaves_of(authority_));
    auto ssl = client_context_->connection(name, name + ":443");
    EXPECT_TRUE(ssl);
    std::string client_says = "never ended", server_says = "never ended";
    spawn(tls_handshake(*client_, std::move(*ssl), seconds(5)), client_says);
    spawn(tls_handshake(*service_, server_context_->connection(), seconds(5)), server_says);
    run();
    return {client_says, server_says};
  }

  void spawn(Task<std::string> task, std::string& says) {
    asio::co_spawn(context_, std::move(task),
                   [&says](const std::exception_ptr& escaped, std::string result) {
                     EXPECT_FALSE(escaped);
                     says = std::move(result);
                   });
  }

  void run() {
    context_.restart();
    context_.run_for(std::chrono::milliseconds(testing::kPatienceMs));
  }

  /// Sends all of `bytes`, as a relay does: what the socket does not take is offered again.
  static Task<void> send_all(Stream& stream, ByteView bytes) {
    while (!bytes.empty()) {
      const IoResult sent = stream.try_write({&bytes, 1});
      if (sent.status == Status::Broken) co_return;
      bytes.remove_prefix(sent.size);
      if (sent.status == Status::NotNow) co_await stream.writable();
    }
    stream.finish_sending();
  }

  static Task<void> read_all(Stream& stream, Bytes& into, IoResult& end) {
    std::array<char, 50'000> buffer;  // no multiple of a record
    for (;;) {
      co_await stream.readable();
      end = stream.try_read(buffer);
      if (end.status == Status::Done) into.append(buffer.data(), end.size);
      if (end.status == Status::Finished || end.status == Status::Broken) co_return;
    }
  }

  asio::io_context context_;
  testing::Server server_;
  std::shared_ptr<CertAuthority> authority_;
  std::string ca_file_;
  TlsClientOptions client_options_;
  TlsServerOptions server_options_;
  std::shared_ptr<TlsClientContext> client_context_;
  std::shared_ptr<TlsServerContext> server_context_;
  std::optional<Stream> client_, service_;
};

TEST_F(TlsStreamTest, AHandshakeIsDoneAndTold) {
  client_options_.basics.alpn = {"h2", "http/1.1"};
  server_options_.basics.alpn = {"http/1.1"};
  EXPECT_EQ(shake("api.example.com"), std::pair(std::string(), std::string()));
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
  Bytes sent(std::size_t{6} * 1024 * 1024 + 7, 'x');
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i * 7 + i / 251);
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
  Bytes got;
  asio::co_spawn(
      context_,
      [](Stream& stream, Bytes& into) -> Task<void> {
        std::array<char, 100> buffer;
        while (into.size() < 10'000) {
          co_await stream.readable();
          const IoResult read = stream.try_read(buffer);
          if (read.status == Status::Done) into.append(buffer.data(), read.size);
        }
      }(*client_, got),
      asio::detached);
  run();
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
  server_options_.fallback_name = "127.0.0.1";  // addresses are not sent as names
  EXPECT_EQ(shake("127.0.0.1").first, "");
}

TEST_F(TlsStreamTest, AWrongHostIsRefused) {
  server_options_.fallback_name = "10.0.0.1";
  EXPECT_NE(shake("127.0.0.1").first.find("IP address mismatch"), std::string::npos);
}

TEST_F(TlsStreamTest, ANameThatNoCertificateCanBeForFailsTheHandshake) {
  const auto [client, server] = shake("no spaces.example.com");
  EXPECT_NE(client, "");
  EXPECT_NE(server, "");
}

TEST_F(TlsStreamTest, AClientWithoutEcdsaGetsAnRsaLeaf) {
  client_options_.basics.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
  client_context_ = *TlsClientContext::make(client_options_);
  auto ssl = client_context_->connection("api.example.com", "x");
  SSL_set_max_proto_version(ssl->get(), TLS1_2_VERSION);
  server_context_ = *TlsServerContext::make(server_options_, leaves_of(authority_));
  std::string client = "never ended", server = "never ended";
  spawn(tls_handshake(*client_, std::move(*ssl), seconds(5)), client);
  spawn(tls_handshake(*service_, server_context_->connection(), seconds(5)), server);
  run();
  EXPECT_EQ(client, "");
  EXPECT_EQ(tls_facts(client_->tls()->ssl(), true).cipher, "ECDHE-RSA-AES128-GCM-SHA256");
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

TEST_F(TlsStreamTest, GarbageFailsTheHandshake) {
  server_context_ = *TlsServerContext::make(server_options_, leaves_of(authority_));
  const ByteView garbage = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(client_->try_write({&garbage, 1}).size, garbage.size());
  std::string server;
  spawn(tls_handshake(*service_, server_context_->connection(), seconds(5)), server);
  run();
  EXPECT_NE(server.find("http request"), std::string::npos) << server;
}

TEST_F(TlsStreamTest, ASilentPeerTimesOut) {
  server_context_ = *TlsServerContext::make(server_options_, leaves_of(authority_));
  std::string server;
  spawn(tls_handshake(*service_, server_context_->connection(), std::chrono::milliseconds(50)),
        server);
  run();
  EXPECT_EQ(server, "the handshake did not end within 50 ms");
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
