// A Recorder on free loopback ports in front of a Server, recording into memory.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/transport/worker_pool.h"
#include "recorder/recorder.h"
#include "tests/support/loopback.h"
#include "tests/support/memory_sink.h"

namespace understudy::testing {

class RecorderTest : public ::testing::Test {
 protected:
  ~RecorderTest() override { stop(); }

  ForwardRule rule(const std::string& protocol, const std::string& scheme) {
    ForwardRule made;
    made.name = "under-test";
    made.protocol = protocol;
    made.client_scheme = made.upstream_scheme = scheme;
    made.listen = {"127.0.0.1", 0};
    made.upstream = {"127.0.0.1", upstream_.port()};
    made.written_at = "test";
    return made;
  }
  void start(ForwardRule rule, RecorderOptions options = {}) {
    pool_.start();
    auto opened = Recorder::open({std::move(rule)}, pool_, std::move(options));
    ASSERT_TRUE(opened) << describe(opened.error());
    recorder_ = std::move(*opened);
    recorder_->start(sink_);
    const std::string address = recorder_->listening()[0].address;
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  /// Ends the recording; all rows are in the sink after it.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5)) {
    if (recorder_) recorder_->stop(grace);
  }
  Peer client() { return Peer::connect(port_); }

  Server upstream_;
  MemorySink sink_;
  WorkerPool pool_{2};
  std::unique_ptr<Recorder> recorder_;
  std::uint16_t port_ = 0;
};

}  // namespace understudy::testing
