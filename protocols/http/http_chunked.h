// The chunked transfer coding (RFC 9112 §7.1), followed byte by byte without holding any. One per
// message, one thread at a time.
//
//   body    = *chunk last-chunk *( trailer-field CRLF ) CRLF
//   chunk   = 1*HEXDIG [ext] CRLF data CRLF         last-chunk = 1*"0" [ext] CRLF
//   ext     = *( BWS ";" … )                        ; read past
//
// In a request a bare LF is an error everywhere in the framing: it is how chunked requests are
// smuggled. In a reply it ends a line.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <cstdint>

namespace understudy {

/// Longest chunk-size line and longest trailer section. Extensions are not used in practice; the
/// bound is what keeps a peer from sending framing for ever.
inline constexpr std::size_t kMaxChunkLineBytes = std::size_t{16} * 1024;
inline constexpr std::size_t kMaxTrailerBytes = std::size_t{64} * 1024;

class ChunkedReader {
 public:
  enum class Result : std::uint8_t { NeedMore, End, Malformed };

  /// A new message of `from`.
  void start(Side from);

  /// Follows the coding through `bytes`, which come after all that was shown before. `took`: how
  /// many belong to this message; all, unless the result is End or Malformed. `data`, where given,
  /// is called with each run of chunk data.
  template <class Data>
  Result read(ByteView bytes, std::size_t& took, Data&& data) {
    took = 0;
    while (took < bytes.size()) {
      if (state_ == State::Data) {
        const ByteView run = bytes.substr(
            took, static_cast<std::size_t>(remaining_ < bytes.size() ? remaining_ : bytes.size()));
        data(run);
        took += run.size();
        remaining_ -= run.size();
        if (remaining_ == 0) state_ = State::DataEnd;
        continue;
      }
      if (!framing(bytes[took])) return Result::Malformed;
      ++took;
      if (state_ == State::End) return Result::End;
    }
    return Result::NeedMore;
  }
  Result read(ByteView bytes, std::size_t& took) {
    return read(bytes, took, [](ByteView) {});
  }

  /// After Malformed: one sentence of static text.
  [[nodiscard]] const char* why() const { return why_; }

 private:
  enum class State : std::uint8_t {
    SizeStart,
    Size,
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataEnd,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    LastLf,
    End,
    Broken,
  };

  bool framing(char c);
  bool size_digit(char c);
  bool after_size(char c);
  bool line_done();
  bool trailer(char c);
  bool fail(const char* why);

  State state_ = State::SizeStart;
  bool strict_ = true;
  std::uint64_t remaining_ = 0;  ///< of the chunk's data
  std::size_t line_bytes_ = 0;   ///< of this size line, or of all trailers
  const char* why_ = "";
};

}  // namespace understudy
