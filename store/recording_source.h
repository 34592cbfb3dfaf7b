// How recorded rows are read: by the replayer, the command line, the UI. Implemented by
// RecordingReader on SQLite, and by a vector in tests.
//
// One RecordingSource is used by one thread at a time; open one per thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/recorded.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace understudy {

/// What an exchange looks like in a list.
struct ExchangeLine {
  std::int64_t id = 0, number = 0;
  std::string recording;
  std::int64_t session_number = 0;
  Timestamp started_at{};
  Duration duration{0};
  std::string protocol, rule, method, resource;
  std::uint16_t status = 0;
  Origin origin = Origin::Upstream;
  bool open = false;
  Ending ending = Ending::Complete;
  std::uint64_t request_size = 0, reply_size = 0;
  std::string note;
};

class RecordingSource {
 public:
  virtual ~RecordingSource() = default;

  /// All recordings, oldest first.
  virtual Result<std::vector<Recording>> recordings() = 0;
  /// By name, "" = the latest. Not found: an Error (Config) that lists the names there are.
  virtual Result<Recording> recording(std::string_view name) = 0;
  /// Sessions of a recording, in order of opening; without their TLS facts.
  virtual Result<std::vector<RecordedSession>> sessions(std::int64_t recording) = 0;
  /// What RecordedSession::tls holds, by the row id of the session. A source without TLS has none.
  virtual Result<std::vector<RecordedTls>> tls(std::int64_t session) {
    static_cast<void>(session);
    return {};
  }
  /// Exchanges of a recording in recorded order (of beginning), each with at most `max_bytes` of
  /// request and of reply. The callback returns false to stop.
  virtual Result<void> each_exchange(std::int64_t recording, std::size_t max_bytes,
                                     const std::function<bool(RecordedExchange&&)>& visit) = 0;
  /// Lines for lists, same order; cheaper than each_exchange.
  virtual Result<void> each_line(std::int64_t recording,
                                 const std::function<bool(const ExchangeLine&)>& visit) = 0;
  /// One exchange by row id.
  virtual Result<RecordedExchange> exchange(std::int64_t id, std::size_t max_bytes) = 0;
  /// Bytes [offset, offset+size) of what `from` sent in an exchange; shorter at its end.
  virtual Result<Bytes> read(std::int64_t exchange, Side from, std::uint64_t offset,
                             std::size_t size) = 0;
};

}  // namespace understudy
