#include "protocols/http/http_prepared.h"

#include "protocols/content/media_type.h"
#include "protocols/http/http_syntax.h"

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

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

/// The body is as long as its framing says.
bool has_whole_body(const HttpMessage& message) {
  if (message.info.chunked) {
    std::vector<ByteRange> runs;
    return chunk_runs(Side::Server, message.body, runs);
  }
  return !message.info.has_content_length || message.body.size() >= message.info.content_length;
}

/// A 100 is given when the live client asks for it, not when the recorded one did.
Bytes interims_to_serve(ByteView recorded) {
  Bytes kept;
  while (!recorded.empty()) {
    HeadReader reader(Side::Server);
    if (reader.read(recorded) != HeadReader::Result::Complete) break;
    if (reader.head().status != 100) kept += recorded.substr(0, reader.head().size);
    recorded.remove_prefix(reader.head().size);
  }
  return kept;
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
  const bool cut = exchange.ending == Ending::CutByUpstream;
  const std::uint64_t loaded = exchange.reply.size();
  const std::uint64_t missing = exchange.reply_size > loaded ? exchange.reply_size - loaded : 0;
  const auto message = parse_message(Side::Server, exchange.reply);
  if (!message) {
    if (!cut) {
      why = "the recorded reply is not HTTP";
      return nullptr;
    }
    auto reply = allocate({}, exchange.reply);
    reply->missing_ = missing;
    reply->cut_ = reply->headless_ = true;
    return reply;
  }
  const HttpHead& info = message->info;
  if (info.status == 101 || (exchange.method == "CONNECT" && info.status / 100 == 2)) {
    why = "the connection switched to another protocol";
    return nullptr;
  }
  // Where no body is sent, the framing fields describe one all the same.
  const bool no_body = exchange.method == "HEAD" || info.status == 204 || info.status == 304;
  const bool whole = !cut && !no_body && missing == 0;
  if (whole && !has_whole_body(*message)) {
    why = "its body was not stored";
    return nullptr;
  }
  const bool until_close =
      !no_body && !cut && !info.chunked && !info.has_content_length && !info.coded_transfer;
  using Framing = ReplyRenderer::Framing;
  RenderedReply rendered = ReplyRenderer(*message, rule)
                               .head(until_close ? Framing::Length : Framing::AsRecorded,
                                     message->body.size() + missing, true);
  const ByteView body = no_body ? ByteView() : message->body;
  auto reply = allocate(rendered.bytes, body);
  reply->missing_ = missing;
  reply->head_ = static_cast<std::uint32_t>(rendered.head);
  if (rendered.date_at != Bytes::npos)
    reply->date_at_ = static_cast<std::uint32_t>(rendered.date_at);
  reply->cut_ = cut;
  reply->closes_ = info.minor == 0 && !info.keep_alive;
  reply->chunked_ = info.chunked && !no_body;
  Rare rare{interims_to_serve(message->interims), std::move(rendered.origins), false, nullptr};
  rare.coded = whole && info.encoding_count > 0 && !body.empty();
  if (rare.coded || (whole && info.chunked)) {
    const ByteView kept_body = reply->bytes().substr(rendered.bytes.size());
    rare.source = std::make_unique<const Source>(*message, kept_body, rule);
  }
  if (rare.source || !rare.origins.empty() || !rare.interims.empty())
    reply->rare_ = std::make_unique<const Rare>(std::move(rare));
  return reply;
}

std::unique_ptr<HttpPreparedReply> HttpPreparedReply::allocate(ByteView head, ByteView body) {
  const std::size_t size = head.size() + body.size();
  std::unique_ptr<HttpPreparedReply> reply(new (Room{size}) HttpPreparedReply(size));
  char* behind = reinterpret_cast<char*>(reply.get() + 1);
  std::copy(body.begin(), body.end(), std::copy(head.begin(), head.end(), behind));
  return reply;
}

HttpPreparedReply::Source::Source(const HttpMessage& message, ByteView body,
                                  const ForwardRule& rule)
    : head(message.head), renderer({message.info, {}, head, body}, rule) {}

ReplyForm HttpPreparedReply::recorded_form() const {
  ReplyForm form{bytes(), head_, date_at_ == 0 ? ByteView::npos : date_at_, {}};
  if (rare_) form.origins = rare_->origins;
  return form;
}

ReplyForm HttpPreparedReply::form(bool http_1_0, ByteView accept_encoding) const {
  if (!rare_ || !rare_->source) return recorded_form();
  const Source& source = *rare_->source;
  const HttpMessage& message = source.renderer.message();
  const auto made = [&](std::optional<Bytes> body, bool keep_coding) {
    std::optional<RenderedReply> form;
    if (!body) return form;
    form = source.renderer.head(ReplyRenderer::Framing::Length, body->size(), keep_coding);
    form->bytes += *body;
    return form;
  };
  const auto shown = [](const RenderedReply& form) {
    return ReplyForm{form.bytes, form.head, form.date_at, form.origins};
  };
  if (rare_->coded && !offers_codings(accept_encoding, content_encoding(message))) {
    const auto& form =
        source.decoded.get([&] { return made(content_of(Side::Server, message), false); });
    if (form) return shown(*form);
  }
  if (!http_1_0 || !message.info.chunked) return recorded_form();
  const auto& form =
      source.unchunked.get([&] { return made(untransferred(Side::Server, message), true); });
  return form ? shown(*form) : recorded_form();
}

}  // namespace understudy
