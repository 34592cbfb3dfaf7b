#include "protocols/http/http_prepared.h"

#include "protocols/content/media_type.h"
#include "protocols/http/http_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

/// Stands for the client's origin until a live client is there; cannot occur in a head.
constexpr ByteView kOriginMark{"\0", 1};

/// Length of the only date format that servers may send (RFC 9110 §5.6.7).
constexpr std::size_t kDateSize = 29;

bool ends_without_reply(const RecordedExchange& exchange, std::string& why) {
  if (exchange.origin == Origin::Understudy) {
    why = "the reply was made by understudy itself";
  } else if (exchange.opener == Side::Server) {
    why = "no request asked for this reply";
  } else if (exchange.open) {
    why = "the recorder ended before the reply did";
  } else if (exchange.ending == Ending::CutByClient) {
    why = "the client broke off before the reply ended";
  } else if (exchange.ending == Ending::CutByUs) {
    why = "the recorder broke off before the reply ended";
  } else {
    return false;
  }
  return true;
}

/// "gzip;q=0.5": the name, and whether the weight is above zero.
bool is_offered(ByteView member, ByteView& name) {
  name = trim(member.substr(0, member.find(';')));
  const Bytes weight = parameter(member, "q");
  return weight.empty() || weight.find_first_of("123456789") != Bytes::npos;
}

}  // namespace

bool offers_codings(ByteView accept_encoding, ByteView content_encoding) {
  bool all = true;
  for_each_member(content_encoding, [&](ByteView coding) {
    if (is_named(coding, "identity")) return;
    bool named = false;
    bool offered = false;
    bool any = false;  // "*"
    for_each_member(accept_encoding, [&](ByteView member) {
      ByteView name;
      const bool accepted = is_offered(member, name);
      if (name == "*") any = accepted;
      if (!equal_ignoring_case(name, coding)) return;
      named = true;
      offered = accepted;
    });
    all = all && (named ? offered : any);
  });
  return all;
}

std::unique_ptr<const HttpPreparedReply> HttpPreparedReply::make(const RecordedExchange& exchange,
                                                                 const ForwardRule& rule,
                                                                 std::string& why) {
  if (ends_without_reply(exchange, why)) return nullptr;
  std::unique_ptr<HttpPreparedReply> reply(new HttpPreparedReply(exchange, rule));
  auto message = parse_message(Side::Server, reply->bytes_);
  if (!message) {
    if (!reply->cut_) {
      why = "the recorded reply is not HTTP";
      return nullptr;
    }
    reply->headless_ = true;
    reply->recorded_.body = reply->bytes_;
    return reply;
  }
  reply->message_ = *message;
  const std::uint16_t status = message->info.status;
  if (status == 101 || (exchange.method == "CONNECT" && status / 100 == 2)) {
    why = "the connection switched to another protocol";
    return nullptr;
  }
  reply->no_body_ = exchange.method == "HEAD" || status == 204 || status == 304;
  if (!reply->check_whole(why)) return nullptr;
  reply->closes_ = message->info.minor == 0 && !message->info.keep_alive;
  for_each_field(message->head, message->info, [&](ByteView name, HeadRange value, HeadRange) {
    if (!is_named(name, "connection")) return;
    for_each_member(value.of(message->head),
                    [&](ByteView option) { reply->named_by_connection_.emplace_back(option); });
  });
  for (ByteView rest = message->interims; !rest.empty();) {
    HeadReader reader(Side::Server);
    if (reader.read(rest) != HeadReader::Result::Complete) break;
    // A 100 is given when the live client asks for it, not when the recorded one did.
    if (reader.head().status != 100) reply->interims_ += rest.substr(0, reader.head().size);
    rest.remove_prefix(reader.head().size);
  }
  reply->recorded_.body = reply->no_body_ ? ByteView() : message->body;
  const bool until_close = !reply->no_body_ && !reply->cut_ && !message->info.chunked &&
                           !message->info.has_content_length && !message->info.coded_transfer;
  reply->render(reply->recorded_, until_close ? Framing::Length : Framing::AsRecorded,
                message->body.size() + reply->missing_, true);
  return reply;
}

HttpPreparedReply::HttpPreparedReply(const RecordedExchange& exchange, const ForwardRule& rule)
    : bytes_(exchange.reply),
      mapping_(rule),
      missing_(exchange.reply_size > exchange.reply.size()
                   ? exchange.reply_size - exchange.reply.size()
                   : 0),
      cut_(exchange.ending == Ending::CutByUpstream) {}

/// The body is as long as its framing says, unless the upstream broke off.
bool HttpPreparedReply::check_whole(std::string& why) const {
  if (cut_ || no_body_ || missing_ > 0) return true;
  if (message_.info.chunked) {
    std::vector<ByteRange> runs;
    if (chunk_runs(Side::Server, message_.body, runs)) return true;
  } else if (!message_.info.has_content_length ||
             message_.body.size() >= message_.info.content_length) {
    return true;
  }
  why = "its body was not stored";
  return false;
}

bool HttpPreparedReply::drops(ByteView name, Framing framing, bool keep_coding) const {
  const bool chunks_stay = message_.info.chunked && framing == Framing::AsRecorded;
  if (is_named(name, "transfer-encoding") || is_named(name, "trailer")) return !chunks_stay;
  if (is_named(name, "content-encoding")) return !keep_coding;
  if (is_named(name, "content-length")) return false;
  if (is_named(name, "connection") || is_named(name, "keep-alive") || is_named(name, "te") ||
      is_named(name, "upgrade") || (name.size() > 6 && is_named(name.substr(0, 6), "proxy-"))) {
    return true;
  }
  return std::any_of(named_by_connection_.begin(), named_by_connection_.end(),
                     [&](const Bytes& option) { return equal_ignoring_case(option, name); });
}

void HttpPreparedReply::render(ReplyForm& form, Framing framing, std::uint64_t length,
                               bool keep_coding) const {
  std::vector<HeadChange> changes;
  mapping_.changes(message_.head, message_.info, kOriginMark, changes);
  form.head = message_.head.substr(0, message_.info.fields);
  bool has_length = false;
  for_each_field(message_.head, message_.info, [&](ByteView name, HeadRange, HeadRange line) {
    if (drops(name, framing, keep_coding)) return;
    if (framing == Framing::Length && is_named(name, "content-length")) {
      if (!has_length) form.head += fmt::format("{}: {}\r\n", name, length);
      has_length = true;
      return;
    }
    render_field(form, name, line, changes);
  });
  if (framing == Framing::Length && !has_length) {
    form.head += fmt::format("Content-Length: {}\r\n", length);
  }
}

/// Copies one field line with the changes that fall into it.
void HttpPreparedReply::render_field(ReplyForm& form, ByteView name, HeadRange line,
                                     const std::vector<HeadChange>& changes) const {
  if (is_named(name, "date") && message_.info.date.size() == kDateSize &&
      message_.info.date.begin >= line.begin && message_.info.date.end <= line.end) {
    form.date_at = form.head.size() + (message_.info.date.begin - line.begin);
  }
  std::uint32_t at = line.begin;
  for (const HeadChange& change : changes) {
    if (change.offset < line.begin || change.offset >= line.end) continue;
    form.head += message_.head.substr(at, change.offset - at);
    if (change.with == kOriginMark) {
      form.origins.push_back(form.head.size());
    } else {
      form.head += change.with;
    }
    at = change.offset + change.old_size;
  }
  form.head += message_.head.substr(at, line.end - at);
}

const ReplyForm& HttpPreparedReply::form(bool http_1_0, ByteView accept_encoding) const {
  if (cut_ || missing_ > 0 || no_body_) return recorded_;
  const auto with_length = [this](std::optional<Bytes> body, bool keep_coding) {
    auto form = std::make_unique<ReplyForm>();
    form->failed = !body;
    form->own_body = std::move(body).value_or(Bytes{});
    form->body = form->own_body;
    if (!form->failed) render(*form, Framing::Length, form->body.size(), keep_coding);
    return form;
  };
  const bool coded = message_.info.encoding_count > 0 && !message_.body.empty();
  if (coded && !offers_codings(accept_encoding, content_encoding(message_))) {
    const ReplyForm& form =
        decoded_.get([&] { return with_length(content_of(Side::Server, message_), false); });
    if (!form.failed) return form;
  }
  if (!http_1_0 || !message_.info.chunked) return recorded_;
  const ReplyForm& form =
      unchunked_.get([&] { return with_length(untransferred(Side::Server, message_), true); });
  return form.failed ? recorded_ : form;
}

}  // namespace understudy
