// Buffers that a connection needs only while it is being answered. Each worker keeps a few; an idle
// connection owns none. Used by one worker's thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/replay.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace understudy {

/// Pipelined requests that are answered in one go; also bounds what a client can make us hold.
inline constexpr std::size_t kMaxAnswerBatch = 16;

struct Scratch {
  Bytes held;      ///< unread bytes of the client, from the begin of its unanswered request
  Bytes redacted;  ///< the request that is being matched, where the rule redacts
  MatchKey key;
  std::uint64_t key_hash = 0;                       ///< of the current key
  std::array<LiveAnswer, kMaxAnswerBatch> answers;  ///< fixed: pieces point into their scratch
  std::size_t answered = 0;                         ///< answers in use

  [[nodiscard]] std::size_t capacity() const {
    std::size_t bytes = held.capacity() + redacted.capacity() + key.key.capacity();
    for (const LiveAnswer& answer : answers)
      bytes += answer.scratch.capacity();
    return bytes;
  }
  void forget_answers() {
    for (std::size_t i = 0; i < answered; ++i)
      answers[i].clear();
    answered = 0;
  }
  void clear() {
    held.clear();
    forget_answers();
  }
};

class ScratchShelf {
 public:
  [[nodiscard]] std::unique_ptr<Scratch> take() {
    if (free_.empty()) return std::make_unique<Scratch>();
    std::unique_ptr<Scratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }
  void put(std::unique_ptr<Scratch> scratch) {
    if (free_.size() == kMaxKept || scratch->capacity() > kMaxKeptBytes) return;
    scratch->clear();
    free_.push_back(std::move(scratch));
  }

 private:
  /// More than these are in use only while many clients read slowly.
  static constexpr std::size_t kMaxKept = 16;
  /// One large body must not stay in memory for good.
  static constexpr std::size_t kMaxKeptBytes = std::size_t{1} * 1024 * 1024;
  std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace understudy
