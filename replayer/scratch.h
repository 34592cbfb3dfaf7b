// Buffers that a connection needs only while it is being answered. Each worker keeps a few; an idle
// connection owns none. Used by one worker's thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/replay.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// Pipelined requests that are answered in one go; also bounds what a client can make us hold.
inline constexpr std::size_t kMaxAnswerBatch = 16;

/// Room for the bytes of one answer that is kept for the next.
inline constexpr std::size_t kMaxKeptAnswer = std::size_t{32} * 1024;

struct Scratch {
  Bytes held;      ///< unread bytes of the client, from the begin of its unanswered request
  Bytes redacted;  ///< the request that is being matched, where the rule redacts
  MatchKey key;
  std::string place;           ///< that the current request named, where it is asked for
  std::uint64_t key_hash = 0;  ///< of the current key
  std::array<LiveAnswer, kMaxAnswerBatch> answers;  ///< fixed: pieces point into their scratch
  std::size_t answered = 0;                         ///< answers in use

  /// What it keeps besides the answers, which are bounded by forget_answers().
  [[nodiscard]] std::size_t capacity() const {
    return held.capacity() + redacted.capacity() + key.key.capacity();
  }
  /// Looks at no answer that was not in use: most of the time there is one, of kMaxAnswerBatch.
  void forget_answers() {
    for (LiveAnswer& answer : std::span(answers).first(answered)) {
      answer.clear();
      if (answer.scratch.capacity() > kMaxKeptAnswer) Bytes().swap(answer.scratch);
    }
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
