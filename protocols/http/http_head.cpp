#include "protocols/http/http_head.h"

#include "protocols/http/http_syntax.h"

#include <algorithm>
#include <cstring>

namespace understudy {
namespace {

/// Lengths are added to offsets; half of the range leaves room for that.
constexpr std::uint64_t kMaxContentLength = std::uint64_t{1} << 62;

const void* find_octet(ByteView bytes, char octet) {
  return bytes.empty() ? nullptr : std::memchr(bytes.data(), octet, bytes.size());
}

/// Reads digits alone. False: none, something else, or more than kMaxContentLength.
bool read_length(ByteView text, std::uint64_t& out) {
  if (text.empty()) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_decimal(c)) return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > kMaxContentLength) return false;
  }
  out = value;
  return true;
}

/// Octets of a Host value (RFC 9110 §7.2, RFC 3986 §3.2.2 and §3.2.3), UTF-8 names let through.
bool is_authority_char(char c) {
  return static_cast<unsigned char>(c) >= 0x80 ||
         (c > ' ' && c != 0x7F && ByteView("/\\?#@,\"<>^`{|}").find(c) == ByteView::npos);
}

}  // namespace

void HeadReader::reset() {
  complete_ = first_done_ = names_upgrade_ = has_upgrade_ = false;
  last_field_ = LastField::None;
  line_begin_ = searched_ = 0;
  head_ = HttpHead{};
}

HeadReader::Result HeadReader::fail(std::uint16_t status, const char* why) {
  status_ = from_ == Side::Client ? status : std::uint16_t{502};
  why_ = why;
  return Result::Malformed;
}

HeadReader::Result HeadReader::read(ByteView unread) {
  if (complete_) reset();
  const ByteView window = unread.substr(0, kMaxHeadBytes);
  while (searched_ < window.size()) {
    const void* found = find_octet(window.substr(searched_), '\n');
    if (found == nullptr) {
      searched_ = static_cast<std::uint32_t>(window.size());
      break;
    }
    const auto end = static_cast<std::uint32_t>(static_cast<const char*>(found) - window.data());
    const std::uint32_t begin = line_begin_;
    line_begin_ = searched_ = end + 1;
    if (!line(window, begin, end)) return Result::Malformed;
    if (complete_) {
      if (from_ == Side::Client ? check_request() : check_reply()) return Result::Complete;
      return Result::Malformed;
    }
  }
  if (window.size() == kMaxHeadBytes) return fail(431, "the head is longer than 64 KiB");
  if (!first_done_ && early_garbage(window)) return Result::Malformed;
  return Result::NeedMore;
}

/// Bytes that can begin no head are refused at once rather than waited upon.
bool HeadReader::early_garbage(ByteView unread) {
  const ByteView first = unread.substr(line_begin_);
  if (from_ == Side::Server) {
    const ByteView expected = "HTTP/";
    const std::size_t shown = std::min(first.size(), expected.size());
    if (first.substr(0, shown) == expected.substr(0, shown)) return false;
    fail(502, "the reply does not begin with HTTP/");
    return true;
  }
  if (first.empty() || first.front() == '\r' || is_token_char(first.front())) return false;
  fail(400, "the request does not begin with a method");
  return true;
}

/// One line, [begin, end) without its LF.
bool HeadReader::line(ByteView unread, std::uint32_t begin, std::uint32_t end) {
  const bool has_cr = end > begin && unread[end - 1] == '\r';
  if (!has_cr && from_ == Side::Client) {
    fail(400, "a line of the head ends with LF alone");
    return false;
  }
  const HeadRange text{begin, has_cr ? end - 1 : end};
  const ByteView view = text.of(unread);
  if (find_octet(view, '\r') != nullptr || find_octet(view, '\0') != nullptr) {
    fail(400, "the head has a bare CR or a NUL");
    return false;
  }
  if (!first_done_) return first_line(unread, text);
  if (text.empty()) {
    complete_ = true;
    head_.size = end + 1;
    return true;
  }
  if (view.front() == ' ' || view.front() == '\t') {
    if (!fold()) return false;
    return true;
  }
  return field_line(unread, text);
}

bool HeadReader::first_line(ByteView unread, HeadRange text) {
  if (text.empty() && from_ == Side::Client) {
    head_.start = line_begin_;  // RFC 9112 §2.2: empty lines before a request are passed over
    return true;
  }
  first_done_ = true;
  head_.fields = line_begin_;
  return from_ == Side::Client ? request_line(unread, text) : status_line(unread, text);
}

bool HeadReader::request_line(ByteView unread, HeadRange text) {
  const ByteView line = text.of(unread);
  std::size_t method_end = 0;
  while (method_end < line.size() && is_token_char(line[method_end]))
    ++method_end;
  if (method_end == 0 || method_end == line.size() || line[method_end] != ' ') {
    fail(400, "the method is not followed by a space and a target");
    return false;
  }
  std::size_t target_end = method_end + 1;
  while (target_end < line.size() && static_cast<unsigned char>(line[target_end]) > ' ' &&
         line[target_end] != 0x7F) {
    ++target_end;
  }
  const ByteView version = line.substr(std::min(target_end + 1, line.size()));
  if (target_end == method_end + 1 || target_end == line.size() || line[target_end] != ' ' ||
      !version.starts_with("HTTP/") || version.size() != 8 || !is_decimal(version[5]) ||
      version[6] != '.' || !is_decimal(version[7])) {
    fail(400, "the request line is not METHOD SP TARGET SP HTTP/1.x");
    return false;
  }
  if (version[5] != '1') {
    fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return false;
  }
  head_.minor = version[7] == '0' ? 0 : 1;
  head_.method = {text.begin, text.begin + static_cast<std::uint32_t>(method_end)};
  head_.target = {head_.method.end + 1, text.begin + static_cast<std::uint32_t>(target_end)};
  const ByteView method = line.substr(0, method_end);
  if (method == "HEAD") head_.method_kind = HttpMethod::Head;
  if (method == "CONNECT") head_.method_kind = HttpMethod::Connect;
  const ByteView target = head_.target.of(unread);
  const bool authority_form = head_.method_kind == HttpMethod::Connect;
  if (!authority_form && target.front() != '/' && target != "*" &&
      target.find("://") == ByteView::npos) {
    fail(400, "the target is neither a path nor an absolute URI");
    return false;
  }
  return true;
}

bool HeadReader::status_line(ByteView unread, HeadRange text) {
  const ByteView line = text.of(unread);
  const bool valid = line.size() >= 12 && line.starts_with("HTTP/1.") && is_decimal(line[7]) &&
                     line[8] == ' ' && line[9] >= '1' && line[9] <= '9' && is_decimal(line[10]) &&
                     is_decimal(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!valid) {
    fail(502, "the status line is not HTTP/1.x SP STATUS");
    return false;
  }
  head_.minor = line[7] == '0' ? 0 : 1;
  head_.status =
      static_cast<std::uint16_t>((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
  return true;
}

bool HeadReader::fold() {
  if (from_ == Side::Client || last_field_ != LastField::Plain) {
    fail(400, "a header line is folded or begins with space");
    return false;
  }
  return true;
}

bool HeadReader::field_line(ByteView unread, HeadRange text) {
  if (++head_.field_count > kMaxHeaderCount) {
    fail(431, "the head has more than 256 header lines");
    return false;
  }
  const ByteView line = text.of(unread);
  std::size_t colon = 0;
  while (colon < line.size() && is_token_char(line[colon]))
    ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':') {
    fail(400, "a header line is not NAME: VALUE");
    return false;
  }
  HeadRange value{text.begin + static_cast<std::uint32_t>(colon) + 1, text.end};
  while (!value.empty() && (unread[value.begin] == ' ' || unread[value.begin] == '\t'))
    ++value.begin;
  while (!value.empty() && (unread[value.end - 1] == ' ' || unread[value.end - 1] == '\t')) {
    --value.end;
  }
  last_field_ = LastField::Plain;
  return known_field(unread, line.substr(0, colon), value);
}

bool HeadReader::known_field(ByteView unread, ByteView name, HeadRange value) {
  switch (name.size()) {
    case 4:
      if (is_named(name, "host")) return host(unread, value);
      if (is_named(name, "date")) head_.date = value;
      break;
    case 5: head_.range = head_.range || is_named(name, "range"); break;
    case 6:
      if (is_named(name, "expect"))
        head_.expect_continue = is_named(value.of(unread), "100-continue");
      break;
    case 7: has_upgrade_ = has_upgrade_ || is_named(name, "upgrade"); break;
    case 8:
      if (is_named(name, "location")) head_.location = value;
      break;
    case 10:
      if (is_named(name, "connection")) connection(value.of(unread));
      head_.set_cookie = head_.set_cookie || is_named(name, "set-cookie");
      break;
    case 12:
      if (is_named(name, "content-type")) head_.content_type = value;
      break;
    case 14:
      if (is_named(name, "content-length")) return content_length(value.of(unread));
      break;
    case 15:
      if (is_named(name, "accept-encoding")) head_.accept_encoding = value;
      break;
    case 16:
      if (is_named(name, "content-location")) head_.content_location = value;
      if (is_named(name, "content-encoding")) {
        head_.content_encoding = value;
        ++head_.encoding_count;
      }
      break;
    case 17:
      if (is_named(name, "transfer-encoding")) return transfer_encoding(value.of(unread));
      break;
    default: break;
  }
  if (name.size() > 3 && is_named(name.substr(0, 3), "if-")) head_.conditional = true;
  return true;
}

bool HeadReader::host(ByteView unread, HeadRange value) {
  last_field_ = LastField::Framing;
  const ByteView text = value.of(unread);
  if (from_ == Side::Client && !std::all_of(text.begin(), text.end(), is_authority_char)) {
    fail(400, "the Host field is not a host and port");
    return false;
  }
  head_.host = value;
  if (head_.host_count < 2) ++head_.host_count;
  return true;
}

bool HeadReader::content_length(ByteView value) {
  last_field_ = LastField::Framing;
  // RFC 9112 §6.3: a list of equal values counts as that one value.
  while (true) {
    const std::size_t comma = value.find(',');
    ByteView item = value.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t'))
      item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t'))
      item.remove_suffix(1);
    std::uint64_t length = 0;
    if (!read_length(item, length)) {
      fail(400, "Content-Length is not a number");
      return false;
    }
    if (head_.has_content_length && length != head_.content_length) {
      fail(400, "two different Content-Lengths");
      return false;
    }
    head_.has_content_length = true;
    head_.content_length = length;
    if (comma == ByteView::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

bool HeadReader::transfer_encoding(ByteView value) {
  last_field_ = LastField::Framing;
  head_.has_transfer_encoding = true;
  bool valid = true;
  bool known = true;
  bool any = false;
  for_each_member(value, [&](ByteView coding) {
    any = true;
    valid = valid && !head_.chunked && std::all_of(coding.begin(), coding.end(), [](char c) {
              return is_token_char(c) || c == ';' || c == '=' || c == '"' || c == ' ';
            });
    if (is_named(coding, "chunked")) {
      head_.chunked = true;
      return;
    }
    head_.coded_transfer = true;
    known = known && (is_named(coding, "gzip") || is_named(coding, "x-gzip") ||
                      is_named(coding, "deflate") || is_named(coding, "compress"));
  });
  if (!valid || !any) {
    fail(400, "Transfer-Encoding does not end with one chunked");
    return false;
  }
  if (!known && from_ == Side::Client) {
    fail(501, "an unknown transfer coding");
    return false;
  }
  return true;
}

void HeadReader::connection(ByteView value) {
  for_each_member(value, [&](ByteView option) {
    head_.close = head_.close || is_named(option, "close");
    head_.keep_alive = head_.keep_alive || is_named(option, "keep-alive");
    names_upgrade_ = names_upgrade_ || is_named(option, "upgrade");
  });
}

bool HeadReader::check_request() {
  head_.upgrade = has_upgrade_ && names_upgrade_ && head_.minor >= 1;
  const char* why = nullptr;
  if (head_.host_count == 0 && head_.minor >= 1) why = "an HTTP/1.1 request needs a Host field";
  if (head_.host_count > 1) why = "more than one Host field";
  if (head_.has_transfer_encoding) {
    if (head_.has_content_length) why = "Content-Length together with Transfer-Encoding";
    if (head_.minor == 0) why = "Transfer-Encoding in an HTTP/1.0 request";
    if (!head_.chunked) why = "Transfer-Encoding does not end with one chunked";
  }
  if (why == nullptr) return true;
  fail(400, why);
  return false;
}

bool HeadReader::check_reply() {
  head_.upgrade = has_upgrade_;
  if (!head_.has_transfer_encoding || !head_.has_content_length) return true;
  fail(502, "Content-Length together with Transfer-Encoding");
  return false;
}

}  // namespace understudy
