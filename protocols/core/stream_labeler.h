// Puts the bytes of one connection on a tape as a decoder labels them. Used where bytes are passed
// on at once and understood beside it; one thread at a time.
//
// Nothing is lost when a decoder gives up: a malformed stream is noted on the session and the rest
// is taped as raw turns, and so is what a codec hands over (HTTP Upgrade).
#pragma once

#include "protocols/core/decoder.h"
#include "protocols/core/tape.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace understudy {

class StreamLabeler {
 public:
  /// `before`: exchanges that the session had before this stream began, 0 = it is new. `upstream`:
  /// the connection that its exchanges belong to.
  StreamLabeler(std::unique_ptr<Decoder> decoder, ExchangeNo before, UpstreamNo upstream);

  /// Labels `bytes`, which follow all that `from` sent before. A copy of what the decoder cannot
  /// label yet is kept, at most its max_held(). `fin`: that side sends no more.
  void take(Side from, ByteView bytes, bool fin, Tape& tape);

  /// Ends all open exchanges: the connection is over. What was held is taped first.
  void end_all(Ending ending, ByteView note, Tape& tape);

  /// How many exchanges have begun, `before` included.
  [[nodiscard]] ExchangeNo begun() const { return begun_; }
  [[nodiscard]] bool all_ended() const { return open_.empty(); }

 private:
  struct OpenExchange {
    ExchangeNo number = 0;
    std::array<bool, 2> speaking{};  ///< by Side: its message has begun and not ended
  };

  [[nodiscard]] std::size_t label_all(Side from, ByteView unread, bool fin, Tape& tape);
  void label(const Step& step, Side from, ByteView bytes, Tape& tape);
  void go_raw(Tape& tape);
  void give_up(Side from, ByteView why, Tape& tape);
  OpenExchange& exchange(ExchangeNo number, Side from, Tape& tape);
  void end(ExchangeNo number, Ending ending, ByteView note, Tape& tape);

  std::unique_ptr<Decoder> decoder_;
  UpstreamNo upstream_;
  ExchangeNo base_;  ///< what to add to the decoder's numbers
  ExchangeNo begun_;
  std::vector<OpenExchange> open_;
  std::array<Bytes, 2> held_;
  std::array<std::uint64_t, 2> labelled_{};  ///< bytes of each side behind us, for notes
};

}  // namespace understudy
