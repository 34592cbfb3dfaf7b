// All stubs of one virtual service whose protocol replays by exchange: key → recorded answers in
// recorded order.
//
// ExchangeIndex is immutable once sealed and shared by all threads. What changes while it is asked
// (which answer is next, which were given) is AnswerCursors: atomic counters, no lock.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/replay.h"
#include "replayer/key_table.h"
#include "replayer/pacing.h"
#include "replayer/replayer.h"
#include "replayer/report.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace understudy {

/// One recorded exchange, ready to be served.
struct Stub {
  std::int64_t id = 0;      ///< row id: stubs of one key are given in rising order of it
  std::int64_t number = 0;  ///< number within the recording
  std::unique_ptr<const PreparedReply> reply;
  std::uint64_t loaded_reply_bytes = 0;  ///< PreparedReply::missing_bytes() follow from here
  std::vector<PaceStep> pace;            ///< empty = at once
  std::string label;                     ///< "GET /orders/1"
  Bytes condition;  ///< of its key; empty = the recorded request was unconditional
  Bytes request;    ///< as recorded, for misses only: its fields are computed when one asks
  /// Where it leads, ExchangeIndex::keep_place(); empty = where its rule says.
  ByteView place;
};

class ExchangeIndex {
 public:
  /// Answers that one sort of request walks, in order.
  struct Track {
    std::uint32_t begin = 0;  ///< of its answers in the common list; of one: that stub itself
    std::uint32_t count = 0;
  };

  /// A copy of `place` that lives as long as the index: many stubs share few places.
  [[nodiscard]] ByteView keep_place(ByteView place) { return *places_.emplace(place).first; }
  /// `key` as ExchangeReplay::key() built it from the recorded request. Before seal().
  void add(ByteView key, Stub stub);
  /// Orders what was added; nothing is added afterwards.
  void seal();

  /// Position of the track that answers `key`, -1 = no stub has it. Conditions only order: a
  /// track of the same condition, else of unconditional requests, else all answers of the key.
  /// `hash`: key_hash() of its key. Allocates nothing.
  [[nodiscard]] std::int64_t find(const MatchKey& key, std::uint64_t hash) const;

  [[nodiscard]] const std::vector<Track>& tracks() const { return tracks_; }
  /// The `turn`-th answer of a track, below its count, as position in stubs().
  [[nodiscard]] std::uint32_t answer(const Track& track, std::uint64_t turn) const {
    return track.count == 1 ? track.begin : answers_[track.begin + turn];
  }
  [[nodiscard]] const std::vector<Stub>& stubs() const { return stubs_; }
  /// The first stub of each key, in recorded order: what misses are compared with.
  [[nodiscard]] const std::vector<std::uint32_t>& firsts() const { return firsts_; }
  /// Some stub leads to `place`.
  [[nodiscard]] bool knows_place(ByteView place) const { return places_.contains(place); }

 private:
  using Positions = std::span<const std::uint32_t>;  ///< in stubs_, by row id
  [[nodiscard]] Track make_track(Positions stubs);
  void seal_key(std::uint32_t number, Positions stubs);

  std::set<std::string, std::less<>> places_;
  KeyTable keys_;
  /// By number of the key: for conditions that were not recorded. Then those of conditions.
  std::vector<Track> tracks_;
  /// Number of a key → its recorded conditions, in order, and their tracks.
  std::unordered_map<std::uint32_t, std::vector<std::pair<ByteView, std::int64_t>>> conditions_;
  std::vector<std::uint32_t> answers_;  ///< of tracks that have several
  std::vector<Stub> stubs_;
  std::vector<std::uint32_t> key_of_;  ///< per stub, until seal()
  std::vector<std::uint32_t> firsts_;
};

/// Where each track of an index stands. Any thread.
class AnswerCursors {
 public:
  AnswerCursors(const ExchangeIndex& index, AfterLast after_last);

  struct Answer {
    const Stub* stub = nullptr;            ///< null: used up, and AfterLast says miss
    const PreparedReply* reply = nullptr;  ///< the stub's
    Outcome outcome = Outcome::Missed;
  };
  /// The next answer of a track.
  [[nodiscard]] Answer take(std::int64_t track);
  /// Positions of the stubs that answered nothing yet.
  [[nodiscard]] std::vector<std::uint32_t> unused() const;

 private:
  /// All that most answers read of the index and the stubs, never across two cache lines.
  struct alignas(32) Cursor {
    ExchangeIndex::Track track;            ///< a copy
    const PreparedReply* first = nullptr;  ///< reply of its first answer
    std::atomic<std::uint64_t> taken{0};   ///< answers that were given
  };
  const ExchangeIndex& index_;
  const AfterLast after_last_;
  [[nodiscard]] Answer answer(const Cursor& cursor, std::uint64_t turn, Outcome outcome) const;
  std::vector<Cursor> cursors_;          ///< per track
  std::vector<std::atomic<bool>> used_;  ///< per stub
};

}  // namespace understudy
