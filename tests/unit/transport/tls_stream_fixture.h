// Two Streams over one real socket, and what TLS between them needs.
#pragma once

#include "certificate_fixture.h"

#include "protocols/transport/tls_context.h"
#include "protocols/transport/tls_facts.h"
#include "protocols/transport/tls_handshake.h"
#include "protocols/transport/tls_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/loopback.h"

namespace understudy {

class TlsStreamTest : public CertificateTest {
 protected:
  void SetUp() override {
    CertificateTest::SetUp();
    authority_ = authority();
    client_options_.ca_file = write("ca-of-test.pem", authority_->root_pem());
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

  /// Few bytes fit into the socket: every larger write is a partial one.
  void use_small_buffers() {
    for (const int fd : {client_->watch().fd(), service_->watch().fd()}) {
      const int size = 4096;
      ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
  }

  void make_contexts() {
    if (!client_context_) client_context_ = *TlsClientContext::make(client_options_);
    if (!server_context_)
      server_context_ = *TlsServerContext::make(server_options_, leaves_of(authority_));
  }

  SslHandle client_side(const std::string& name, const std::vector<std::string>& alpn = {}) {
    make_contexts();
    auto ssl = client_context_->connection(name, name + ":443", alpn);
    EXPECT_TRUE(ssl);
    return ssl ? std::move(*ssl) : SslHandle();
  }

  SslHandle server_side() {
    make_contexts();
    return server_context_->connection(names_);
  }

  /// What the client, then what the server says of the handshake; empty = fine. Again on the same
  /// connection: within the TLS that it has.
  std::pair<std::string, std::string> shake(const std::string& name) {
    return shake(client_side(name));
  }
  std::pair<std::string, std::string> shake(SslHandle client_ssl) {
    HandshakeOutcome client = unended(), server = unended();
    spawn(tls_handshake(*client_, std::move(client_ssl), std::chrono::seconds(5)), client);
    spawn(tls_handshake(*service_, server_side(), std::chrono::seconds(5)), server);
    run();
    return {client.why, server.why};
  }

  static HandshakeOutcome unended() {
    HandshakeOutcome outcome;
    outcome.why = "never ended";
    return outcome;
  }

  void spawn(Task<HandshakeOutcome> task, HandshakeOutcome& into) {
    asio::co_spawn(context_, std::move(task),
                   [&into](const std::exception_ptr& escaped, HandshakeOutcome result) {
                     EXPECT_FALSE(escaped);
                     into = std::move(result);
                   });
  }

  /// What the client reads in pieces much smaller than a record, waiting before each, until it has
  /// `size` bytes.
  Bytes client_reads_bit_by_bit(std::size_t size) {
    Bytes got;
    asio::co_spawn(
        context_,
        [](Stream& stream, Bytes& into, std::size_t wanted) -> Task<void> {
          std::array<char, 100> buffer;
          while (into.size() < wanted) {
            co_await stream.readable();
            const IoResult read = stream.try_read(buffer);
            if (read.status == IoResult::Status::Done) into.append(buffer.data(), read.size);
          }
        }(*client_, got, size),
        asio::detached);
    run();
    return got;
  }

  void run() {
    context_.restart();
    context_.run_for(std::chrono::milliseconds(testing::kPatienceMs));
  }

  /// Sends all of `bytes`, as a relay does: what the socket does not take is offered again.
  static Task<void> send_all(Stream& stream, ByteView bytes) {
    while (!bytes.empty()) {
      const IoResult sent = stream.try_write({&bytes, 1});
      if (sent.status == IoResult::Status::Broken) co_return;
      bytes.remove_prefix(sent.size);
      if (sent.status == IoResult::Status::NotNow) co_await stream.writable();
    }
    stream.finish_sending();
  }

  static Task<void> read_all(Stream& stream, Bytes& into, IoResult& end) {
    std::array<char, 50'000> buffer;  // no multiple of a record
    for (;;) {
      co_await stream.readable();
      end = stream.try_read(buffer);
      if (end.status == IoResult::Status::Done) into.append(buffer.data(), end.size);
      if (end.status == IoResult::Status::Finished) co_return;
      if (end.status == IoResult::Status::Broken) co_return;
    }
  }

  /// Bytes in which a piece that is lost, doubled or moved shows.
  static Bytes pattern(std::size_t size, std::size_t seed = 7) {
    Bytes bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<char>(i * seed + i / 251);
    return bytes;
  }

  asio::io_context context_;
  testing::Server server_;
  std::shared_ptr<CertAuthority> authority_;
  TlsClientOptions client_options_;
  TlsServerOptions server_options_;
  std::vector<std::string> names_;  ///< what the server knows of its own name
  std::shared_ptr<TlsClientContext> client_context_;
  std::shared_ptr<TlsServerContext> server_context_;
  std::optional<Stream> client_, service_;
};

}  // namespace understudy
