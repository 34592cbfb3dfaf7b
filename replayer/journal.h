// What came in and how it was answered: counters for all of it, rows for the first kMaxJournal.
//
// Each worker writes to its own lane, so that the hot path shares nothing but the sequence number;
// a report reads all lanes, from any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/time.h"
#include "replayer/report.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace understudy {

/// Which service a row belongs to.
struct ServiceIdentity {
  std::size_t position = 0;  ///< among the services of the replay
  std::string name;
  std::string protocol;
};

/// A request that a stub answered. Small: one is kept for every request.
struct AnsweredRow {
  std::uint64_t number = 0;
  Timestamp time{};
  const ServiceIdentity* service = nullptr;
  /// The stub's, which outlive the journal: read for a report only.
  const std::string* label = nullptr;
  const std::int64_t* exchange = nullptr;
  std::uint64_t key = 0;
  Outcome outcome = Outcome::Exact;
};

/// A request that none answered.
struct MissedRow {
  std::uint64_t number = 0;
  Timestamp time{};
  const ServiceIdentity* service = nullptr;
  std::string label;
  std::uint64_t key = 0;
  std::uint64_t session = 0;
  std::vector<NearStub> nearest;
};

/// Something that is never matched.
struct ControlRow {
  std::uint64_t number = 0;
  Timestamp time{};
  const ServiceIdentity* service = nullptr;
  std::string label;
};

class Journal {
 public:
  class Lane;

  explicit Journal(std::size_t workers);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] Lane& lane(std::size_t worker) { return *lanes_[worker]; }
  /// All totals but `unused`. Any thread.
  [[nodiscard]] ReplayTotals totals() const;
  /// Adds totals() and rows in order of arrival. Any thread.
  void fill(ReplayReport& report) const;

 private:
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::uint64_t> last_number_{0};
  std::atomic<std::uint64_t> misses_kept_{0};
};

class Journal::Lane {
 public:
  Lane(std::atomic<std::uint64_t>& last_number, std::atomic<std::uint64_t>& misses_kept)
      : last_number_(last_number), misses_kept_(misses_kept) {}

  /// `row.number` is filled in here. From the lane's worker.
  void answered(AnsweredRow row);
  /// Also writes the log's line.
  void missed(MissedRow row);
  void control(ControlRow row);

 private:
  friend class Journal;
  void count(Outcome outcome);

  std::atomic<std::uint64_t>& last_number_;
  std::atomic<std::uint64_t>& misses_kept_;
  /// By Outcome; written by the lane's worker only.
  alignas(64) std::array<std::atomic<std::uint64_t>, 5> totals_{};
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<AnsweredRow> answered_;
  std::vector<MissedRow> missed_;
  std::vector<ControlRow> control_;
};

/// Misses beyond this many keep no nearest stubs: some 1 KiB each.
inline constexpr std::uint64_t kMaxExplainedMisses = 10'000;

}  // namespace understudy
