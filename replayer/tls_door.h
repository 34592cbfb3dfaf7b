// TLS towards the clients of one virtual service: its certificates, and what became of handshakes.
// Used by all workers.
#pragma once

#include "protocols/transport/stream.h"
#include "protocols/transport/tls_server.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

class TlsDoor {
 public:
  /// `context` may be null: then every handshake fails. `service`: for the log.
  TlsDoor(std::shared_ptr<TlsServerContext> context, std::string service,
          std::chrono::milliseconds patience)
      : context_(std::move(context)), service_(std::move(service)), patience_(patience) {}

  /// Agrees on TLS with a client that began with `unread`; `names` as Handover has them. False: it
  /// came to nothing, which was logged and counted, and the stream is of no use any more. Closing
  /// the stream meanwhile ends it.
  [[nodiscard]] Task<bool> enter(Stream& stream, std::vector<std::string> names, Bytes unread,
                                 std::uint64_t session);

  /// Handshakes that came to nothing. Any thread.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  void note_failure(const std::string& why, std::uint64_t session);

  const std::shared_ptr<TlsServerContext> context_;
  const std::string service_;
  const std::chrono::milliseconds patience_;
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace understudy
