// HTTP/1 message heads (RFC 9112 §2-§5): found and read in place, line by line, as bytes come in.
// One reader per side of a connection, one thread at a time.
//
//   request  = *CRLF method SP target SP "HTTP/1." ( "0" / "1" ) CRLF *( field CRLF ) CRLF
//   reply    = "HTTP/1." DIGIT SP 3DIGIT [ SP reason ] CRLF *( field CRLF ) CRLF
//   field    = name ":" OWS value OWS          ; a line that begins with SP or HTAB folds (§5.2)
//
// Requests are read strictly: what two programs could read differently (a bare LF, a bare CR or
// NUL, a fold, space before a colon, two lengths) is an error, never a guess, since a request that
// is smuggled past us would be recorded as something else. Replies may have bare LFs and folds;
// errors in their framing are errors all the same.
//
// Offsets are kept in plain numbers, 32 bits wide, relative to the head's first byte. Reading
// allocates nothing, and a head that comes byte by byte is searched once.
#pragma once

#include "protocols/core/bytes.h"

#include <cstddef>
#include <cstdint>

namespace understudy {

/// Longest head that is read. nginx and Apache take 8 KiB a line and up to 32 KiB in all; single
/// sign-on cookies go beyond that.
inline constexpr std::size_t kMaxHeadBytes = std::size_t{64} * 1024;
/// Most header lines of a head (Apache: 100, Go and Node: bytes only).
inline constexpr std::size_t kMaxHeaderCount = 256;

/// A part of a head, by offset from its first byte. Empty = not there.
struct HeadRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] bool empty() const { return begin == end; }
  [[nodiscard]] std::uint32_t size() const { return end - begin; }
  [[nodiscard]] ByteView of(ByteView head) const { return head.substr(begin, end - begin); }
};

/// Methods that change how messages are framed.
enum class HttpMethod : std::uint8_t { Other, Head, Connect };

/// What framing, routing and matching need of a head.
struct HttpHead {
  std::uint32_t size = 0;    ///< all bytes, the empty line included
  std::uint32_t start = 0;   ///< of the first line, after empty lines before a request
  std::uint32_t fields = 0;  ///< of the first header line
  std::uint16_t field_count = 0;
  std::uint8_t minor = 1;  ///< of HTTP/1.x
  HttpMethod method_kind = HttpMethod::Other;
  HeadRange method, target;  ///< requests
  std::uint16_t status = 0;  ///< replies
  HeadRange host;            ///< value of Host
  HeadRange content_type, content_encoding, accept_encoding, location, content_location, date;
  std::uint64_t content_length = 0;
  std::uint8_t host_count = 0;
  std::uint8_t encoding_count = 0;  ///< header lines of Content-Encoding
  bool has_content_length = false;
  bool has_transfer_encoding = false;
  bool chunked = false;         ///< the last transfer coding is chunked
  bool coded_transfer = false;  ///< a transfer coding other than chunked applies
  bool close = false;           ///< Connection: close
  bool keep_alive = false;      ///< Connection: keep-alive
  bool upgrade = false;         ///< an Upgrade field that Connection names
  bool expect_continue = false;
  bool set_cookie = false;
  bool conditional = false;  ///< an If-* field
  bool range = false;        ///< a Range field

  /// Another request can follow on the connection, as far as this message says.
  [[nodiscard]] bool persistent() const { return !close && (minor >= 1 || keep_alive); }
};

class HeadReader {
 public:
  enum class Result : std::uint8_t { NeedMore, Complete, Malformed };

  explicit HeadReader(Side from) : from_(from) {}

  /// Goes on with the head at the front of `unread`: the bytes of the previous call, which were
  /// NeedMore, with more behind them. After Complete or reset() the next call begins a new head.
  Result read(ByteView unread);

  /// The head that the last call completed.
  [[nodiscard]] const HttpHead& head() const { return head_; }
  /// After Malformed: the HTTP status that fits, and one sentence of static text.
  [[nodiscard]] std::uint16_t status() const { return status_; }
  [[nodiscard]] const char* why() const { return why_; }
  /// Bytes of a head beyond empty lines have been seen.
  [[nodiscard]] bool begun() const { return !complete_ && searched_ > head_.start; }

  void reset();

 private:
  enum class LastField : std::uint8_t { None, Plain, Framing };

  Result fail(std::uint16_t status, const char* why);
  bool line(ByteView unread, std::uint32_t begin, std::uint32_t end);
  bool first_line(ByteView unread, HeadRange line);
  bool request_line(ByteView unread, HeadRange line);
  bool status_line(ByteView unread, HeadRange line);
  bool field_line(ByteView unread, HeadRange line);
  bool fold();
  bool known_field(ByteView unread, ByteView name, HeadRange value);
  bool host(ByteView unread, HeadRange value);
  bool content_length(ByteView value);
  bool transfer_encoding(ByteView value);
  void connection(ByteView value);
  bool check_request();
  bool check_reply();
  bool early_garbage(ByteView unread);

  Side from_;
  bool complete_ = false;
  LastField last_field_ = LastField::None;
  bool names_upgrade_ = false;  ///< Connection lists "upgrade"
  bool has_upgrade_ = false;    ///< there is an Upgrade field
  bool first_done_ = false;
  std::uint32_t line_begin_ = 0;
  std::uint32_t searched_ = 0;  ///< no line end before here
  std::uint16_t status_ = 0;
  const char* why_ = "";
  HttpHead head_;
};

/// Visits the header lines of a complete head, folds joined to their field. `visit` gets name,
/// value (trimmed, folds as they are) and the whole line with its line end.
template <class Visit>
void for_each_field(ByteView head, const HttpHead& info, Visit&& visit) {
  std::size_t at = info.fields;
  while (at < info.size) {
    std::size_t end = head.find('\n', at) + 1;
    if (end - at <= 2 && (head[at] == '\r' || head[at] == '\n')) return;
    while (end < info.size && (head[end] == ' ' || head[end] == '\t'))
      end = head.find('\n', end) + 1;
    const std::size_t colon = head.find(':', at);
    std::size_t begin = colon + 1;
    std::size_t stop = end - 1;
    const auto is_space = [&](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (begin < stop && is_space(head[begin]))
      ++begin;
    while (stop > begin && is_space(head[stop - 1]))
      --stop;
    visit(head.substr(at, colon - at),
          HeadRange{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(stop)},
          HeadRange{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
}

/// Visits the members of a comma-separated list, trimmed, empty ones left out (RFC 9110 §5.6.1).
template <class Visit>
void for_each_member(ByteView list, Visit&& visit) {
  while (!list.empty()) {
    std::size_t end = list.find(',');
    if (end == ByteView::npos) end = list.size();
    ByteView member = list.substr(0, end);
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) {
      member.remove_prefix(1);
    }
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) {
      member.remove_suffix(1);
    }
    if (!member.empty()) visit(member);
    list.remove_prefix(end == list.size() ? end : end + 1);
  }
}

}  // namespace understudy
