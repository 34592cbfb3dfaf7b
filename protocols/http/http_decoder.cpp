#include "protocols/http/http_decoder.h"

#include <algorithm>

namespace understudy {

Step HttpDecoder::step(Side from, ByteView unread, bool fin) {
  Flow& side = flow(from);
  switch (side.phase) {
    case Phase::Head: return read_head(from, unread);
    case Phase::Fixed: return read_fixed(from, unread);
    case Phase::Chunked: return read_chunked(from, unread);
    case Phase::UntilClose: return read_until_close(unread, fin);
    case Phase::Closed: break;
    case Phase::Switched: {
      Step step;
      step.kind = Step::Kind::Switched;
      step.detail = "raw";
      return step;
    }
    case Phase::Failed: {
      Step step;
      step.kind = Step::Kind::Malformed;
      step.exchange = side.exchange;
      step.status = side.reader.status();
      step.detail = "decoding has stopped";
      return step;
    }
  }
  return {};
}

Step HttpDecoder::read_head(Side from, ByteView unread) {
  if (unread.empty()) return {};
  if (from == Side::Client && awaits_handover_) {
    if (unread.size() <= max_held()) return {};
    return malformed(from, 400, "more than 64 KiB behind a request that asks for another protocol");
  }
  Flow& side = flow(from);
  switch (side.reader.read(unread)) {
    case HeadReader::Result::NeedMore: return {};
    case HeadReader::Result::Malformed:
      return malformed(from, side.reader.status(), side.reader.why());
    case HeadReader::Result::Complete: break;
  }
  const HttpHead& head = side.reader.head();
  return from == Side::Client ? request_head(head) : reply_head(head);
}

Step HttpDecoder::request_head(const HttpHead& head) {
  Asked asked = head.upgrade ? Asked::Upgrade : Asked::Plain;
  if (head.method_kind == HttpMethod::Head) asked = Asked::Head;
  if (head.method_kind == HttpMethod::Connect) asked = Asked::Connect;
  if (!push_pending(asked)) {
    return malformed(Side::Client, 400, "too many requests without a reply");
  }
  awaits_handover_ = asked == Asked::Connect || asked == Asked::Upgrade;
  client_.exchange = last_;
  Step step;
  step.kind = Step::Kind::Head;
  step.exchange = last_;
  step.size = head.size;
  // Content of a CONNECT has no meaning (RFC 9110 §9.3.6): what follows is the tunnel.
  if (asked != Asked::Connect && head.chunked) {
    client_.phase = Phase::Chunked;
    client_.chunked.start(Side::Client);
  } else if (asked != Asked::Connect && head.content_length > 0) {
    client_.phase = Phase::Fixed;
    client_.remaining = head.content_length;
  } else {
    finish_message(Side::Client, step);
  }
  return step;
}

Step HttpDecoder::reply_head(const HttpHead& head) {
  const bool unasked = outstanding() == 0;
  // While a request is being read or was refused, the next exchange number is spoken for.
  const bool numbered = mid_body(Side::Client) || client_.phase == Phase::Failed;
  if (unasked && (head.status < 200 || numbered)) {
    return malformed(Side::Server, 502, "a reply that no request asked for");
  }
  const Asked asked = unasked ? Asked::Plain : pending(first_);
  if (head.status == 101 && asked != Asked::Upgrade) {
    return malformed(Side::Server, 502, "the upstream switched protocols unasked");
  }
  if (unasked) first_ = ++last_;
  server_.exchange = first_;
  if (head.status >= 200 || head.status == 101) return final_reply(head, asked);
  Step step;
  step.kind = Step::Kind::Head;
  step.exchange = first_;
  step.size = head.size;
  step.message_ends = true;
  return step;
}

/// RFC 9112 §6.3, in its order.
Step HttpDecoder::final_reply(const HttpHead& head, Asked asked) {
  Step step;
  step.kind = Step::Kind::Head;
  step.exchange = first_;
  step.size = head.size;
  const bool tunnel = asked == Asked::Connect && head.status / 100 == 2;
  if (head.status == 101 || tunnel) {
    finish_message(Side::Server, step);
    hand_over();
    return step;
  }
  if (asked == Asked::Connect || asked == Asked::Upgrade) awaits_handover_ = false;
  if (asked == Asked::Head || head.status == 204 || head.status == 304) {
    finish_message(Side::Server, step);
  } else if (head.chunked) {
    server_.phase = Phase::Chunked;
    server_.chunked.start(Side::Server);
  } else if (head.has_transfer_encoding || !head.has_content_length) {
    server_.phase = Phase::UntilClose;
  } else if (head.content_length > 0) {
    server_.phase = Phase::Fixed;
    server_.remaining = head.content_length;
  } else {
    finish_message(Side::Server, step);
  }
  return step;
}

void HttpDecoder::hand_over() {
  switched_ = true;
  server_.phase = Phase::Switched;
  // A request body that is still coming belongs to HTTP; the switch follows it.
  if (!in_body(client_.phase)) client_.phase = Phase::Switched;
}

Step HttpDecoder::body_step(const Flow& side, std::size_t size) const {
  Step step;
  step.kind = Step::Kind::Body;
  step.exchange = side.exchange;
  step.size = size;
  return step;
}

Step HttpDecoder::read_fixed(Side from, ByteView unread) {
  if (unread.empty()) return {};
  Flow& side = flow(from);
  Step step = body_step(
      side, static_cast<std::size_t>(std::min<std::uint64_t>(side.remaining, unread.size())));
  side.remaining -= step.size;
  if (side.remaining == 0) finish_message(from, step);
  return step;
}

Step HttpDecoder::read_chunked(Side from, ByteView unread) {
  if (unread.empty()) return {};
  Flow& side = flow(from);
  std::size_t took = 0;
  const auto result = side.chunked.read(unread, took);
  // Sound bytes before a broken one are a step of their own; the error follows in the next.
  if (result == ChunkedReader::Result::Malformed && took == 0) {
    return malformed(from, from == Side::Client ? 400 : 502, side.chunked.why());
  }
  Step step = body_step(side, took);
  if (result == ChunkedReader::Result::End) finish_message(from, step);
  return step;
}

Step HttpDecoder::read_until_close(ByteView unread, bool fin) {
  if (unread.empty() && !fin) return {};
  Step step = body_step(server_, unread.size());
  if (fin) {
    finish_message(Side::Server, step);
    server_.phase = Phase::Closed;
  }
  return step;
}

void HttpDecoder::finish_message(Side from, Step& step) {
  Flow& side = flow(from);
  step.message_ends = true;
  if (from == Side::Client) {
    side.phase = switched_ ? Phase::Switched : Phase::Head;
    step.exchange_ends = step.exchange < first_;  // its reply ended before
    return;
  }
  side.phase = Phase::Head;
  ++first_;
  step.exchange_ends = !(mid_body(Side::Client) && client_.exchange == step.exchange);
}

void HttpDecoder::answered(ExchangeNo exchange) {
  if (exchange >= first_) first_ = exchange + 1;
  awaits_handover_ = false;  // whatever was asked for, it was answered in HTTP
}

ExchangeNo HttpDecoder::abandon_head() {
  client_.exchange = last_ + 1;
  client_.phase = Phase::Failed;
  return client_.exchange;
}

Step HttpDecoder::malformed(Side from, std::uint16_t status, const char* why) {
  Flow& side = flow(from);
  if (from == Side::Client && side.phase == Phase::Head) side.exchange = last_ + 1;
  side.phase = Phase::Failed;
  Step step;
  step.kind = Step::Kind::Malformed;
  step.exchange = side.exchange;
  step.status = status;
  step.detail = why;
  return step;
}

bool HttpDecoder::push_pending(Asked asked) {
  if (outstanding() == pending_.size()) {
    if (pending_.size() == kMaxPending) return false;
    std::vector<Asked> larger(pending_.size() * 2);
    for (ExchangeNo no = first_; no <= last_; ++no)
      larger[no & (larger.size() - 1)] = pending(no);
    pending_.swap(larger);
  }
  pending(++last_) = asked;
  return true;
}

}  // namespace understudy
