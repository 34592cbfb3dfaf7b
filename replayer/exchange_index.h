// All stubs of one virtual service whose protocol replays by exchange: key → recorded answers in
// recorded order.
//
// ExchangeIndex is immutable once sealed and shared by all threads. What changes while it is asked
// (which answer is next, which were given) is AnswerCursors: atomic counters, no lock.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/replay.h"
#include "replayer/pacing.h"
#include "replayer/replayer.h"
#include "replayer/report.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy {

/// One recorded exchange, ready to be served.
struct Stub {
  std::int64_t id = 0;      ///< row id: stubs of one key are given in rising order of it
  std::int64_t number = 0;  ///< number within the recording
  std::uint64_t key_hash = 0;
  std::string label;  ///< "GET /orders/1"
  Bytes condition;    ///< of its key; empty = the recorded request was unconditional
  std::unique_ptr<const PreparedReply> reply;
  std::uint64_t loaded_reply_bytes = 0;  ///< PreparedReply::missing_bytes() follow from here
  std::vector<PaceStep> pace;            ///< empty = at once
  Bytes request;  ///< as recorded, for misses only: its fields are computed when one asks
};

class ExchangeIndex {
 public:
  /// Answers that one sort of request walks, in order, as positions in stubs().
  struct Track {
    std::vector<std::uint32_t> stubs;
  };

  /// `key` as ExchangeReplay::key() built it from the recorded request. Before seal().
  void add(Bytes key, Stub stub);
  /// Orders what was added; nothing is added afterwards.
  void seal();

  /// Position of the track that answers `key`, -1 = no stub has it. Conditions only order: a
  /// track of the same condition, else of unconditional requests, else all answers of the key.
  /// Allocates nothing.
  [[nodiscard]] std::int64_t find(const MatchKey& key) const;

  [[nodiscard]] const std::vector<Track>& tracks() const { return tracks_; }
  [[nodiscard]] const std::vector<Stub>& stubs() const { return stubs_; }
  /// The first stub of each key, in recorded order: what misses are compared with.
  [[nodiscard]] const std::vector<std::uint32_t>& firsts() const { return firsts_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(ByteView key) const { return std::hash<ByteView>{}(key); }
  };
  /// Answers of one key, by condition.
  struct Group {
    std::vector<std::uint32_t> stubs;
    std::int64_t fallback = -1;  ///< track for conditions that were not recorded
    /// Condition → track; empty where no request of the key had a condition.
    std::vector<std::pair<ByteView, std::int64_t>> by_condition;
  };
  std::int64_t add_track(std::vector<std::uint32_t> stubs);
  void seal(Group& group);

  std::unordered_map<Bytes, Group, Hash, std::equal_to<>> groups_;
  std::vector<Stub> stubs_;
  std::vector<Track> tracks_;
  std::vector<std::uint32_t> firsts_;
};

/// Same text, same number, in this run.
[[nodiscard]] std::uint64_t key_hash(ByteView key);

/// Where each track of an index stands. Any thread.
class AnswerCursors {
 public:
  AnswerCursors(const ExchangeIndex& index, AfterLast after_last);

  struct Answer {
    const Stub* stub = nullptr;  ///< null: used up, and AfterLast says miss
    Outcome outcome = Outcome::Missed;
  };
  /// The next answer of a track.
  [[nodiscard]] Answer take(std::int64_t track);
  /// Positions of the stubs that answered nothing yet.
  [[nodiscard]] std::vector<std::uint32_t> unused() const;

 private:
  const ExchangeIndex& index_;
  const AfterLast after_last_;
  std::vector<std::atomic<std::uint64_t>> taken_;  ///< per track
  std::vector<std::atomic<bool>> used_;            ///< per stub
};

}  // namespace understudy
