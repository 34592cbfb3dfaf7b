// Runs a decoder over a stream that is cut into pieces, and says what it saw in a form that two
// runs with different cuts share: bodies joined, one line per message.
#pragma once

#include "protocols/core/decoder.h"

#include <array>
#include <string>
#include <vector>

namespace understudy::testing {

/// Bytes of one side, in the order in which the sides spoke.
struct Turn {
  Side from = Side::Client;
  Bytes bytes;
  bool fin = false;
};

struct StepRun {
  /// "client head 1 38", "server body 1 1024 end exchange-end", "server malformed 502", …
  std::vector<std::string> lines;
  std::array<Bytes, 2> covered;  ///< the bytes that steps took
  std::array<Bytes, 2> held;     ///< what was left unread
  std::string broken;            ///< a rule of Decoder that did not hold
};

class StepRunner {
 public:
  explicit StepRunner(Decoder& decoder) : decoder_(decoder) {}

  void feed(Side from, ByteView piece, bool fin) {
    const auto index = static_cast<std::size_t>(from);
    Bytes& unread = run_.held[index];
    unread += piece;
    while (!stopped_) {
      const Step step = decoder_.step(from, unread, fin);
      if (step.kind == Step::Kind::NeedMore) break;
      if (step.size > unread.size()) {
        run_.broken += "a step beyond the bytes; ";
        return;
      }
      note(from, step);
      run_.covered[index] += unread.substr(0, step.size);
      unread.erase(0, step.size);
      if (++steps_ > kMaxSteps) {
        run_.broken += "no end of steps; ";
        return;
      }
    }
    if (!stopped_ && unread.size() > decoder_.max_held()) run_.broken += "held too much; ";
  }

  [[nodiscard]] const StepRun& run() const { return run_; }

 private:
  static constexpr std::size_t kMaxSteps = 2'000'000;

  void note(Side from, const Step& step) {
    const std::string side = from == Side::Client ? "client" : "server";
    if (step.kind == Step::Kind::Malformed || step.kind == Step::Kind::Switched) {
      stopped_ = true;
      run_.lines.push_back(step.kind == Step::Kind::Switched
                               ? side + " switched " + step.detail
                               : side + " malformed " + std::to_string(step.status));
      return;
    }
    const bool head = step.kind == Step::Kind::Head;
    const std::string what = side + (head ? " head " : " body ") + std::to_string(step.exchange);
    const std::string ends =
        std::string(step.message_ends ? " end" : "") + (step.exchange_ends ? " exchange-end" : "");
    // Pieces of one body are one line.
    if (!head && what == last_ && !last_ended_) {
      size_ += step.size;
      run_.lines.back() = what + ' ' + std::to_string(size_) + ends;
    } else {
      size_ = step.size;
      run_.lines.push_back(what + ' ' + std::to_string(size_) + ends);
    }
    last_ = what;
    last_ended_ = step.message_ends;
  }

  Decoder& decoder_;
  StepRun run_;
  std::string last_;
  std::size_t size_ = 0, steps_ = 0;
  bool last_ended_ = false, stopped_ = false;
};

/// The whole script, each turn cut at every `cut` bytes (0 = not at all).
inline StepRun run_steps(Decoder& decoder, const std::vector<Turn>& script, std::size_t cut) {
  StepRunner runner(decoder);
  for (const Turn& turn : script) {
    ByteView rest = turn.bytes;
    while (cut > 0 && rest.size() > cut) {
      runner.feed(turn.from, rest.substr(0, cut), false);
      rest.remove_prefix(cut);
    }
    runner.feed(turn.from, rest, turn.fin);
  }
  return runner.run();
}

}  // namespace understudy::testing
