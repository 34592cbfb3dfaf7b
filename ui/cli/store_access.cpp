#include "ui/cli/store_access.h"

#include "store/details.h"
#include "store/upgrade.h"
#include "ui/cli/codec_calls.h"

#include <fmt/format.h>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

namespace understudy {

namespace {

/// A user waits for the command; the next one goes on.
constexpr std::chrono::milliseconds kFillBudget{500};

}  // namespace

Result<void> store_exists(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  return std::unexpected(
      Error(ErrorSource::Store, path,
            fmt::format("there is no such store; make one with `understudy record {} --forward "
                        "LEFT=RIGHT`, or name the file that you recorded to",
                        path)));
}

Result<std::unique_ptr<RecordingReader>> open_store(const std::string& path) {
  if (Result<void> there = store_exists(path); !there) return std::unexpected(there.error());
  // What an older program wrote is read as it is where it cannot be changed now.
  [[maybe_unused]] const Result<bool> upgraded = bring_up_to_date(path);
  // The view `http` is filled on the next open where a recorder had no time to. What cannot be
  // filled (a file that may not be written, say) can still be read.
  [[maybe_unused]] const Result<std::size_t> filled =
      fill_details(path, codec_details(), kFillBudget);
  return RecordingReader::open(path);
}

Result<ExchangeLine> find_exchange(RecordingSource& source, const ExchangeId& id) {
  const Result<Recording> recording = source.recording(id.recording);
  if (!recording) return std::unexpected(recording.error());
  std::optional<ExchangeLine> found;
  const Result<void> searched = source.each_line(recording->id, [&](const ExchangeLine& line) {
    if (line.number == id.number) found = line;
    return !found;
  });
  if (!searched) return std::unexpected(searched.error());
  if (found) return std::move(*found);
  return std::unexpected(
      Error(ErrorSource::Config, "",
            fmt::format("there is no exchange {} in the recording {}, which has {}; see "
                        "`understudy list STORE {}`",
                        id.number, recording->name, recording->exchanges, recording->name)));
}

Result<FoundSession> find_session(RecordingSource& source, const ExchangeId& id) {
  Result<Recording> recording = source.recording(id.recording);
  if (!recording) return std::unexpected(recording.error());
  Result<std::vector<RecordedSession>> sessions = source.sessions(recording->id);
  if (!sessions) return std::unexpected(sessions.error());
  for (RecordedSession& session : *sessions) {
    if (session.number != id.number) continue;
    Result<std::vector<RecordedTls>> tls = source.tls(session.id);
    if (!tls) return std::unexpected(tls.error());
    session.tls = std::move(*tls);
    return FoundSession{std::move(*recording), std::move(session)};
  }
  return std::unexpected(
      Error(ErrorSource::Config, "",
            fmt::format("there is no session {} in the recording {}, which has {}", id.number,
                        recording->name, sessions->size())));
}

Result<std::optional<RecordedTls>> upstream_tls(RecordingSource& source,
                                                const RecordedExchange& exchange) {
  std::optional<RecordedTls> found;
  if (exchange.upstream == 0) return found;
  Result<std::vector<RecordedTls>> handshakes = source.tls(exchange.session);
  if (!handshakes) return std::unexpected(handshakes.error());
  for (RecordedTls& handshake : *handshakes) {
    if (handshake.upstream == exchange.upstream) found = std::move(handshake);
  }
  return found;
}

}  // namespace understudy
