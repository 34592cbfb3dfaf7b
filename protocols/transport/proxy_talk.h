// A dialogue with an upstream proxy: says things, and reads exactly the answers, whatever follows
// them. The first failure stays, and ends the rest.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/transport/asio.h"
#include "protocols/transport/stream.h"

#include <cstddef>
#include <string>
#include <utility>

namespace understudy {

class ProxyTalk {
 public:
  /// `stream` outlives this; closing it ends the dialogue.
  explicit ProxyTalk(Stream& stream) : stream_(stream) {}

  /// What the proxy did, in words that go after its name: "closed the connection before it
  /// answered". Empty = fine so far.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  void fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
  }

  [[nodiscard]] Task<void> send(Bytes bytes);
  /// `size` bytes; fewer = it failed.
  [[nodiscard]] Task<Bytes> read(std::size_t size);
  /// An HTTP head with its empty line. Cut short = it failed.
  [[nodiscard]] Task<Bytes> read_head();

 private:
  void take_head_bytes(Bytes& head, ByteView seen);
  /// True: nothing came, but more may.
  [[nodiscard]] bool must_wait(const IoResult& result);
  [[nodiscard]] Task<void> wait();

  Stream& stream_;
  std::string failure_;
};

}  // namespace understudy
