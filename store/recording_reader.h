// Reads a store, also while a recorder writes to it or where it may not be written. What a
// statement shows is one moment of the store: rows that come meanwhile are seen by the next call.
// A store of an older version that could not be brought up to date (upgrade.h) is read as it is.
//
// One thread at a time; open one per thread. Callbacks may call the same reader again.
#pragma once

#include "store/recording_source.h"
#include "store/sqlite.h"
#include "store/upstream_places.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

/// Of a message that is not HTTP, so many first bytes are searched: what people would call its
/// head.
inline constexpr std::size_t kMaxSearchedBytes = std::size_t{64} * 1024;

class RecordingReader final : public RecordingSource {
 public:
  /// Errors: Store (no such file, foreign, newer, damaged; a log beside it that cannot be read
  /// without writing).
  [[nodiscard]] static Result<std::unique_ptr<RecordingReader>> open(const std::string& path);

  Result<std::vector<Recording>> recordings() override;
  Result<Recording> recording(std::string_view name) override;
  Result<std::vector<RecordedSession>> sessions(std::int64_t recording) override;
  Result<std::vector<RecordedTls>> tls(std::int64_t session) override;
  Result<void> each_exchange(std::int64_t recording, std::size_t max_bytes,
                             const std::function<bool(RecordedExchange&&)>& visit) override;
  Result<void> each_line(std::int64_t recording,
                         const std::function<bool(const ExchangeLine&)>& visit) override;
  /// Not there: an Error (Config).
  Result<RecordedExchange> exchange(std::int64_t id, std::size_t max_bytes) override;
  Result<Bytes> read(std::int64_t exchange, Side from, std::uint64_t offset,
                     std::size_t size) override;

  /// Key of the stand-ins that this store's secrets were replaced with: the same secret gives the
  /// same stand-in, so that a live request matches a recorded one.
  [[nodiscard]] Result<Bytes> redaction_key();

  /// Lines of the exchanges that hold `text` in resource, method, note or the heads of their
  /// messages, ASCII letters of either case alike, in recorded order. `recording` nothing = all.
  Result<void> search(std::string_view text, std::optional<std::int64_t> recording,
                      const std::function<bool(const ExchangeLine&)>& visit);

 private:
  /// Row ids [first, end).
  struct IdRange {
    std::int64_t first = 0, end = 0;
  };
  using VisitLine = std::function<bool(const ExchangeLine&, Statement&)>;

  RecordingReader(Database database, std::int64_t version)
      : database_(std::move(database)), version_(version) {}
  Result<IdRange> range(std::int64_t recording, std::string_view first_column);
  Result<std::vector<RecordedRule>> rules(std::int64_t recording);
  Result<UpstreamPlaces> places(IdRange sessions);
  Result<void> visit_lines(IdRange ids, std::string_view more_columns, const VisitLine& visit);

  Database database_;
  const std::int64_t version_;  ///< of the store when it was opened
};

}  // namespace understudy
