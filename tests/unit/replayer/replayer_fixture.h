// A replayer over real sockets, its recording in memory, and a blocking client: what tests of a
// whole replay begin with.
#pragma once

#include "protocols/transport/worker_pool.h"
#include "replayer/replayer.h"
#include "replayer/report.h"
#include "tests/unit/replayer/memory_source.h"

#include <gtest/gtest.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy::test {

using namespace std::chrono_literals;

inline ForwardRule rule(std::string name, std::string protocol, std::string scheme) {
  ForwardRule made;
  made.name = std::move(name);
  made.protocol = std::move(protocol);
  made.client_scheme = made.upstream_scheme = std::move(scheme);
  made.listen = {"127.0.0.1", 0};
  made.upstream = {"api.example.com", 80};
  made.written_at = "test";
  return made;
}

inline Bytes ok(const Bytes& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline Bytes get(const Bytes& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
}

/// A blocking client.
class Client {
 public:
  explicit Client(const std::string& address) : socket_(context_) {
    const std::size_t colon = address.rfind(':');
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
    socket_.connect({asio::ip::make_address(address.substr(0, colon)), port});
  }
  void say(ByteView bytes) { asio::write(socket_, asio::buffer(bytes)); }
  std::string hear(std::size_t size) {
    std::string bytes(size, '\0');
    ErrorCode error;
    bytes.resize(asio::read(socket_, asio::buffer(bytes), error));
    return bytes;
  }
  /// Until the other side closes; the error says how.
  std::string hear_all() {
    std::string bytes;
    asio::read(socket_, asio::dynamic_buffer(bytes), end_);
    return bytes;
  }
  void finish() { socket_.shutdown(Tcp::socket::shutdown_send); }
  [[nodiscard]] ErrorCode end() const { return end_; }

 private:
  asio::io_context context_;
  Tcp::socket socket_;
  ErrorCode end_;
};

class ReplayerTest : public ::testing::Test {
 protected:
  ReplayerTest() {
    recorded_.recording.name = "run";
    recorded_.add_rule(rule("api", "http", "http"));
    recorded_.add_rule(rule("lines", "raw", "tcp"));
    pool_.start();
  }
  ~ReplayerTest() override {
    replayer_.reset();
    pool_.stop();
  }

  void load(ReplayOptions options = {}) {
    MemorySource source(recorded_);
    options.open_source = [this]() -> Result<std::unique_ptr<RecordingSource>> {
      return std::make_unique<MemorySource>(recorded_);
    };
    auto loaded = Replayer::load(source, recorded_.recording, {}, pool_, options, warnings_);
    ASSERT_TRUE(loaded) << describe(loaded.error());
    replayer_ = std::move(*loaded);
    replayer_->start();
  }
  [[nodiscard]] std::string address(std::size_t at) const {
    return replayer_->listening()[at].address;
  }

  MemoryRecording recorded_;
  std::vector<std::string> warnings_;
  WorkerPool pool_{2};
  std::unique_ptr<Replayer> replayer_;
};

}  // namespace understudy::test
