#include "protocols/http/http_chunked.h"

#include "protocols/http/http_syntax.h"

namespace understudy {
namespace {

/// One more digit on top of this would not fit into 63 bits.
constexpr std::uint64_t kMaxBeforeDigit = std::uint64_t{1} << 58;

}  // namespace

void ChunkedReader::start(Side from) {
  state_ = State::SizeStart;
  strict_ = from == Side::Client;
  remaining_ = 0;
  line_bytes_ = 0;
}

bool ChunkedReader::fail(const char* why) {
  why_ = why;
  state_ = State::Broken;
  return false;
}

bool ChunkedReader::framing(char c) {
  switch (state_) {
    case State::SizeStart:
      if (hex_digit(c) < 0) return fail("a chunk does not begin with its size");
      return size_digit(c);
    case State::Size: return hex_digit(c) >= 0 ? size_digit(c) : after_size(c);
    case State::SizeSpace:
    case State::Extension: return after_size(c);
    case State::SizeLf: return c == '\n' ? line_done() : fail("a chunk-size line has a bare CR");
    case State::DataEnd:
      if (c == '\n' && !strict_) {
        state_ = State::SizeStart;
        return true;
      }
      if (c != '\r') return fail("chunk data is longer than its size");
      state_ = State::DataLf;
      return true;
    case State::DataLf:
      if (c != '\n') return fail("chunk data is longer than its size");
      state_ = State::SizeStart;
      return true;
    case State::TrailerStart:
    case State::Trailer:
    case State::TrailerLf:
    case State::LastLf: return trailer(c);
    case State::Broken: return false;
    case State::Data:
    case State::End: break;
  }
  return fail("bytes after the last chunk");
}

bool ChunkedReader::size_digit(char c) {
  if (state_ == State::SizeStart) {
    remaining_ = 0;
    line_bytes_ = 0;
  }
  state_ = State::Size;
  if (remaining_ >= kMaxBeforeDigit) return fail("a chunk size overflows");
  if (++line_bytes_ > kMaxChunkLineBytes) return fail("a chunk-size line is too long");
  remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(hex_digit(c));
  return true;
}

/// What follows the digits: white space, an extension, the line's end.
bool ChunkedReader::after_size(char c) {
  if (++line_bytes_ > kMaxChunkLineBytes) return fail("a chunk-size line is too long");
  if (c == '\r') {
    if (strict_ && state_ == State::SizeSpace) return fail("space after a chunk size");
    state_ = State::SizeLf;
    return true;
  }
  if (c == '\n') return strict_ ? fail("a chunk-size line ends with LF alone") : line_done();
  if (c == '\0') return fail("a chunk-size line has a NUL");
  if (state_ == State::Extension) return true;
  if (c == ';') {
    state_ = State::Extension;
    return true;
  }
  if (c != ' ' && c != '\t') return fail("a chunk size is not a hexadecimal number");
  state_ = State::SizeSpace;
  return true;
}

bool ChunkedReader::line_done() {
  state_ = remaining_ == 0 ? State::TrailerStart : State::Data;
  if (remaining_ == 0) line_bytes_ = 0;
  return true;
}

bool ChunkedReader::trailer(char c) {
  if (++line_bytes_ > kMaxTrailerBytes) return fail("the trailers are longer than 64 KiB");
  if (state_ == State::LastLf || state_ == State::TrailerLf) {
    if (c != '\n') return fail("a trailer has a bare CR");
    state_ = state_ == State::LastLf ? State::End : State::TrailerStart;
    return true;
  }
  const bool line_start = state_ == State::TrailerStart;
  if (c == '\r') {
    state_ = line_start ? State::LastLf : State::TrailerLf;
    return true;
  }
  if (c == '\n') {
    if (strict_) return fail("a trailer ends with LF alone");
    state_ = line_start ? State::End : State::TrailerStart;
    return true;
  }
  if (c == '\0') return fail("a trailer has a NUL");
  if (line_start && !is_token_char(c)) return fail("a trailer does not begin with a name");
  state_ = State::Trailer;
  return true;
}

}  // namespace understudy
