// Opening a store for reading, and finding in it what the user named.
#pragma once

#include "protocols/core/error.h"
#include "store/recording_reader.h"
#include "ui/cli/exchange_id.h"

#include <memory>
#include <optional>
#include <string>

namespace understudy {

/// Error (Store): no file there, with what to do.
[[nodiscard]] Result<void> store_exists(const std::string& path);

/// Brings a store of an older program up to date and fills the view `http`, where the file may be
/// written. Errors (Store): not there, not a store, newer than this program.
[[nodiscard]] Result<std::unique_ptr<RecordingReader>> open_store(const std::string& path);

/// The line of the exchange that `id` names. Errors (Config): no such recording or exchange, with
/// what there is.
[[nodiscard]] Result<ExchangeLine> find_exchange(RecordingSource& source, const ExchangeId& id);

/// A session, its TLS facts included, with the recording that it belongs to.
struct FoundSession {
  Recording recording;
  RecordedSession session;
};
[[nodiscard]] Result<FoundSession> find_session(RecordingSource& source, const ExchangeId& id);

/// The handshake with the upstream that an exchange went to; of two the inner one, with the one
/// that answered. Nothing: it was plain, or there was no upstream.
[[nodiscard]] Result<std::optional<RecordedTls>> upstream_tls(RecordingSource& source,
                                                              const RecordedExchange& exchange);

}  // namespace understudy
