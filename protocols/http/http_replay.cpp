#include "protocols/http/http_replay.h"

#include "protocols/core/place.h"
#include "protocols/http/http_key.h"
#include "protocols/http/http_own_replies.h"
#include "protocols/http/http_prepared.h"
#include "protocols/http/http_proxy_front.h"
#include "protocols/http/http_target.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstring>
#include <optional>

namespace understudy {
namespace {

/// Up to here a body is copied behind its head: one piece costs the socket less than two.
constexpr std::size_t kCopiedBodyBytes = 2048;

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), made once a second per thread.
ByteView http_date(Timestamp now) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local std::chrono::sys_seconds cached_at{std::chrono::seconds{-1}};
  thread_local std::string cached;
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != cached_at) {
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(second - day);
    cached = fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
        time.seconds().count());
    cached_at = second;
  }
  return cached;
}

/// What an answer hangs on in the live request.
struct Asked {
  bool http_1_0 = false;
  bool persistent = false;
  bool head_alone = false;
  ByteView accept_encoding;
  ByteView authority;
};

Asked read_request(ByteView request, bool needs_authority) {
  HeadReader reader(Side::Client);
  if (reader.read(request) != HeadReader::Result::Complete) return {};
  const HttpHead& info = reader.head();
  const ByteView head = request.substr(0, info.size);
  Asked asked;
  asked.http_1_0 = info.minor == 0;
  asked.persistent = info.persistent();
  asked.head_alone = info.method_kind == HttpMethod::Head;
  asked.accept_encoding = info.accept_encoding.of(head);
  if (needs_authority) asked.authority = request_authority(head, info);
  return asked;
}

/// The same without what only some replies need; no reading at all where the key told it.
Asked recall_request(ByteView request, std::uint32_t hints) {
  if ((hints & kHintsKnown) == 0) return read_request(request, true);
  Asked asked;
  asked.http_1_0 = (hints & kHintHttp10) != 0;
  asked.persistent = (hints & kHintPersistent) != 0;
  return asked;
}

/// Appends the head, but for the empty line, with the live client's origin in its links and the
/// date of now.
void append_head(const ReplyForm& form, ByteView authority, const LiveContext& context,
                 Bytes& out) {
  std::size_t date_at = form.date_at;
  const std::size_t start = out.size();
  std::size_t at = 0;
  for (const std::size_t origin : form.origins) {
    out += form.bytes.substr(at, origin - at);
    const std::size_t before = out.size();
    out += context.client_scheme;
    out += "://";
    out += authority;
    if (date_at != Bytes::npos && origin <= form.date_at) date_at += out.size() - before;
    at = origin;
  }
  out += form.bytes.substr(at, form.head - at);
  if (date_at == Bytes::npos) return;
  const ByteView date = http_date(context.now);
  std::memcpy(out.data() + start + date_at, date.data(), date.size());
}

void append_connection(const Asked& asked, bool closes_unsaid, LiveAnswer& out) {
  out.close = !asked.persistent || closes_unsaid;
  if (closes_unsaid) return;
  if (out.close) {
    out.scratch += "Connection: close\r\n";
  } else if (asked.http_1_0) {
    out.scratch += "Connection: keep-alive\r\n";
  }
}

void answer_whole(const OwnReply& reply, LiveAnswer& out) {
  out.scratch = reply.head + reply.body;
  out.pieces.push_back(out.scratch);
  out.close = true;
  out.whole = true;
}

}  // namespace

bool HttpReplay::key(ByteView request, ByteView place, MatchKey& out) const {
  return http_key(request, place, out);
}

std::string HttpReplay::place(ByteView request, ByteView scheme) const {
  HeadReader reader(Side::Client);
  if (reader.read(request) != HeadReader::Result::Complete) return {};
  const ByteView authority =
      request_authority(request.substr(0, reader.head().size), reader.head());
  const std::optional<Endpoint> endpoint = parse_authority(authority, default_port(scheme));
  return endpoint ? place_of(scheme, *endpoint) : std::string();
}

std::unique_ptr<const PreparedReply> HttpReplay::prepare(const RecordedExchange& exchange,
                                                         const ForwardRule& rule,
                                                         std::string& why) const {
  return HttpPreparedReply::make(exchange, rule, why);
}

void HttpReplay::answer(const PreparedReply& reply, ByteView request, const LiveContext& context,
                        LiveAnswer& out) const {
  const auto& prepared = static_cast<const HttpPreparedReply&>(reply);
  Asked asked = prepared.needs_fields() ? read_request(request, true)
                                        : recall_request(request, context.hints);
  if (asked.authority.empty()) asked.authority = context.rule_authority;
  if (asked.http_1_0 && prepared.missing_bytes() > 0 && prepared.chunked()) {
    return answer_whole(
        own_reply(501,
                  "understudy: the recorded reply is chunked and too long to be served "
                  "to an HTTP/1.0 client\n"),
        out);
  }
  const ReplyForm form = prepared.form(asked.http_1_0, asked.accept_encoding);
  if (prepared.headless()) {
    if (!form.bytes.empty()) out.pieces.push_back(form.bytes);
    out.close = out.reset = true;
    return;
  }
  if (!asked.http_1_0) out.scratch += prepared.interims();
  append_head(form, asked.authority, context, out.scratch);
  append_connection(asked, prepared.closes(), out);
  const bool copied = form.body().size() <= kCopiedBodyBytes;
  out.scratch += copied ? form.bytes.substr(form.head) : ByteView("\r\n");
  out.pieces.push_back(out.scratch);
  if (!copied) out.pieces.push_back(form.body());
  out.reset = prepared.cut();
  out.close = out.close || out.reset;
}

void HttpReplay::miss(ByteView request, ByteView report_json, const LiveContext&,
                      LiveAnswer& out) const {
  const Asked asked = read_request(request, false);
  fmt::format_to(std::back_inserter(out.scratch),
                 "HTTP/1.1 501 {}\r\n"
                 "Understudy-Miss: 1\r\n"
                 "Content-Type: application/json\r\n"
                 "Content-Length: {}\r\n",
                 reason_phrase(501), report_json.size());
  append_connection(asked, false, out);
  out.scratch += "\r\n";
  if (!asked.head_alone) out.scratch += report_json;
  out.pieces.push_back(out.scratch);
  out.whole = true;
}

void HttpReplay::refuse(std::uint16_t status, ByteView why, LiveAnswer& out) const {
  answer_whole(
      own_reply(status == 0 ? std::uint16_t{400} : status, fmt::format("understudy: {}\n", why)),
      out);
}

std::unique_ptr<ProxyFront> HttpReplay::proxy_front(const ForwardRule& rule,
                                                    const ProxyHouse& house) const {
  return std::make_unique<HttpProxyFront>(rule, house);
}

ByteView HttpReplay::interim(ByteView head) const {
  HeadReader reader(Side::Client);
  if (reader.read(head) != HeadReader::Result::Complete) return {};
  const HttpHead& info = reader.head();
  // RFC 9110 §10.1.1: not to HTTP/1.0, and not where no body is to come.
  const bool body_to_come = info.chunked || info.content_length > 0;
  if (!info.expect_continue || info.minor == 0 || !body_to_come) return {};
  return "HTTP/1.1 100 Continue\r\n\r\n";
}

}  // namespace understudy
