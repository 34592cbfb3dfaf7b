#include "replayer/exchange_conversation.h"

#include "replayer/reply_slice.h"

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

/// Asks the memory for all of a reply of common size at once. With many stubs it lies in no cache,
/// and its lines would be waited for a few at a time. What lies behind a smaller one does no harm.
void fetch(const PreparedReply& reply) {
  constexpr std::uintptr_t kLine = 64;
  constexpr std::uintptr_t kLines = 20;
  const auto begin = reinterpret_cast<std::uintptr_t>(&reply);
  for (std::uintptr_t line = 0; line < kLines; ++line)
    __builtin_prefetch(reinterpret_cast<const void*>(begin + line * kLine));
}

}  // namespace

ExchangeConversation::ExchangeConversation(ExchangeRepertoire& repertoire,
                                           const ConversationPlace& place,
                                           std::unique_ptr<RequestGate> gate)
    : repertoire_(repertoire),
      place_(place),
      gate_(std::move(gate)),
      decoder_(repertoire.service().protocol->decoder()),
      pacer_(repertoire.service().timing_factor) {}

ExchangeConversation::~ExchangeConversation() {
  if (scratch_) place_.scratch.put(std::move(scratch_));
}

Silence ExchangeConversation::silence() const {
  const bool in_head = scratch_ && head_bytes_ == 0 && !scratch_->held.empty();
  return in_head ? Silence::Head : Silence::Idle;
}

void ExchangeConversation::on_bytes(ByteView bytes, Moment now, Outbox& out) {
  if (over_) return;
  if (!scratch_) scratch_ = place_.scratch.take();
  if (!scratch_->held.empty() || sending_) {
    scratch_->held += bytes;
    if (!sending_) go_on(now, out);
    return;
  }
  const std::size_t done = work(bytes, now, out);
  if (tunnel_) return enter_tunnel(bytes.substr(done), out);
  if (!over_) scratch_->held.assign(bytes.substr(done));
  settle(out);
}

void ExchangeConversation::on_eof(Moment now, Outbox& out) {
  eof_ = true;
  if (sending_) return;
  if (scratch_) return go_on(now, out);
  over_ = true;
  out.end = Outbox::End::Close;
}

void ExchangeConversation::on_sent(Moment now, Outbox& out) {
  if (paced_.stub != nullptr) return send_due(now, out);
  sending_ = false;
  if (!scratch_) return;
  scratch_->forget_answers();
  if (!over_) go_on(now, out);
}

void ExchangeConversation::on_time(Moment now, Outbox& out) {
  if (paced_.stub != nullptr) send_due(now, out);
}

/// Answers what is held.
void ExchangeConversation::go_on(Moment now, Outbox& out) {
  const std::size_t done = work(scratch_->held, now, out);
  if (tunnel_) return enter_tunnel(ByteView(scratch_->held).substr(done), out);
  scratch_->held.erase(0, done);
  settle(out);
}

/// What the outbox holds is the last of this conversation.
void ExchangeConversation::enter_tunnel(ByteView unread, Outbox& out) {
  over_ = true;
  out.handover = std::make_unique<Handover>();
  out.handover->next = std::move(tunnel_);
  out.handover->unread = unread;
}

/// After work: says what must happen before more is done, and gives buffers back.
void ExchangeConversation::settle(Outbox& out) {
  sending_ = out.sends() || paced_.stub != nullptr;
  out.more = out.sends();
  if (eof_ && !sending_ && !over_) {
    over_ = true;  // what was begun will never end
    out.end = Outbox::End::Close;
  }
  if (over_) scratch_->held.clear();
  if (!sending_ && scratch_->held.empty()) place_.scratch.put(std::move(scratch_));
}

std::size_t ExchangeConversation::work(ByteView unread, Moment now, Outbox& out) {
  std::size_t begin = 0;  // of the current request
  while (!over_ && !tunnel_ && paced_.stub == nullptr && out.stored.size == 0 &&
         scratch_->answered < kMaxAnswerBatch) {
    const ByteView rest = unread.substr(begin + taken_);
    if (rest.empty() && !eof_) break;
    const Step step = decoder_->step(Side::Client, rest, eof_);
    if (step.kind == Step::Kind::Malformed || step.kind == Step::Kind::Switched) {
      refuse(step.status, step.detail, unread.substr(begin), now, out);
      break;
    }
    if (step.size == 0 && !step.message_ends) break;  // NeedMore
    taken_ += step.size;
    if (step.kind == Step::Kind::Head) head_bytes_ = taken_;
    if (!step.message_ends) {
      if (taken_ - head_bytes_ <= kMaxMatchedBody) continue;
      refuse(413, "the body is larger than the 64 MiB that are matched",
             unread.substr(begin, head_bytes_), now, out);
      break;
    }
    answer(unread.substr(begin, taken_), now, out);
    decoder_->answered(step.exchange);
    begin += std::exchange(taken_, 0);
    head_bytes_ = 0;
    interim_sent_ = false;
  }
  if (!over_) ask_for_body(unread.substr(begin), out);
  return begin;
}

/// A client that waits for leave to send its body gets it, once nothing else is to be said before.
void ExchangeConversation::ask_for_body(ByteView request, Outbox& out) {
  const bool only_head = head_bytes_ != 0 && request.size() == head_bytes_;
  if (!only_head || interim_sent_ || paced_.stub != nullptr || out.stored.size != 0) return;
  interim_sent_ = true;
  const ByteView interim = repertoire_.replay().interim(request);
  if (!interim.empty()) out.pieces.push_back(interim);
}

void ExchangeConversation::answer(ByteView request, Moment now, Outbox& out) {
  if (gate_ && !passes_gate(request, now, out)) return;
  const std::optional<RequestRedaction>& redaction = repertoire_.service().redaction;
  ByteView matched = request;
  if (redaction) {
    scratch_->redacted.assign(request);
    redaction->apply(scratch_->redacted);
    matched = scratch_->redacted;
  }
  const ByteView place = place_of(matched);
  MatchKey& key = scratch_->key;
  key.clear();
  if (!repertoire_.replay().key(matched, place, key)) {
    return refuse(400, "the request cannot be read", matched, now, out);
  }
  scratch_->key_hash = key_hash(key.key);
  const std::int64_t track = repertoire_.index().find(key, scratch_->key_hash);
  if (track < 0) return miss(matched, place, track, now, out);
  const AnswerCursors::Answer next = repertoire_.cursors().take(track);
  if (next.stub == nullptr) return miss(matched, place, track, now, out);
  answer_with(next, request, now, out);
}

/// False: the proxy itself answered.
bool ExchangeConversation::passes_gate(ByteView request, Moment now, Outbox& out) {
  ProxyStep step = gate_->judge(request);
  scratch_->place = std::move(step.place);
  if (step.kind == ProxyStep::Kind::LookUp) return true;
  LiveAnswer& answer = next_answer();
  answer.scratch = std::move(step.reply);
  answer.pieces.push_back(answer.scratch);
  answer.close = step.kind == ProxyStep::Kind::Reply && step.close;
  send(answer, {}, out);
  if (step.kind == ProxyStep::Kind::Tunnel) tunnel_ = gate_->tunnel(step.destination);
  place_.journal.control({0, now.wall, &repertoire_.service().identity, label_of(request)});
  return false;
}

/// Where `request` leads; empty = where the rule says.
ByteView ExchangeConversation::place_of(ByteView request) {
  if (gate_) return scratch_->place;
  if (!place_.destination.empty()) return place_.destination;
  const std::string& scheme = repertoire_.service().place_scheme;
  if (scheme.empty()) return {};
  scratch_->place = repertoire_.replay().place(request, scheme);
  return scratch_->place;
}

LiveContext ExchangeConversation::context(Moment now) const {
  const ExchangeRepertoire::Service& service = repertoire_.service();
  // A redacted request may differ in what the hints tell from the one that was sent.
  const std::uint32_t hints = service.redaction ? 0 : scratch_->key.hints;
  const std::string& scheme = place_.secured ? service.secure_scheme : service.plain_scheme;
  return {now.wall, scheme, place_.authority, hints};
}

void ExchangeConversation::answer_with(const AnswerCursors::Answer& found, ByteView request,
                                       Moment now, Outbox& out) {
  const Stub& stub = *found.stub;
  const PreparedReply& reply = *found.reply;
  const std::size_t position = scratch_->answered;
  fetch(reply);
  LiveAnswer& answer = next_answer();
  repertoire_.replay().answer(reply, request, context(now), answer);
  place_.journal.answered({0, now.wall, &repertoire_.service().identity, &stub.label, &stub.number,
                           scratch_->key_hash, found.outcome});
  StoredBytes rest;
  if (const std::uint64_t missing = reply.missing_bytes(); missing != 0 && !answer.whole)
    rest = {stub.id, stub.loaded_reply_bytes, missing};
  if (!pacer_.waits() || stub.pace.empty()) return send(answer, rest, out);
  pacer_.arrival(now.steady);
  paced_ = {&stub, 0, 0, rest.size, rest, position, pacer_.next(stub.pace.front().gap)};
  for (const ByteView piece : answer.pieces)
    paced_.total += piece.size();
  // Answers to earlier requests leave first; on_sent() goes on then.
  if (!out.sends()) send_due(now, out);
}

void ExchangeConversation::miss(ByteView request, ByteView place, std::int64_t track, Moment now,
                                Outbox& out) {
  const NearestStubs& nearest = repertoire_.nearest();
  const std::string label = request_label(*repertoire_.service().protocol, request, place);
  MissExplanation why =
      track < 0 ? nearest.explain(label, request, place) : nearest.used_up(request, place, track);
  LiveAnswer& answer = next_answer();
  repertoire_.replay().miss(request, miss_json(why), context(now), answer);
  send(answer, {}, out);
  place_.journal.missed({0, now.wall, &repertoire_.service().identity, label, scratch_->key_hash,
                         place_.session, std::move(why.nearest)});
}

void ExchangeConversation::refuse(std::uint16_t status, ByteView why, ByteView request, Moment now,
                                  Outbox& out) {
  LiveAnswer& answer = next_answer();
  repertoire_.replay().refuse(status, why, answer);
  answer.close = true;  // where the next request would begin is not known
  send(answer, {}, out);
  const std::string label = label_of(request);
  NearStub reason;
  reason.label = "no request that can be matched";
  reason.distance = 1;
  reason.differences.push_back({"request", "one that can be read", std::string(why)});
  place_.journal.missed({0,
                         now.wall,
                         &repertoire_.service().identity,
                         label,
                         key_hash(label),
                         place_.session,
                         {std::move(reason)}});
}

/// Of a request as it came: reports hold no secrets.
std::string ExchangeConversation::label_of(ByteView request) const {
  const ExchangeRepertoire::Service& service = repertoire_.service();
  Bytes shown_request(request.substr(0, decoder_->max_held()));
  if (service.redaction) service.redaction->apply(shown_request);
  return request_label(*service.protocol, shown_request, place_.destination);
}

void ExchangeConversation::send(const LiveAnswer& answer, const StoredBytes& rest, Outbox& out) {
  out.pieces.insert(out.pieces.end(), answer.pieces.begin(), answer.pieces.end());
  out.stored = rest;
  end_after(answer, out);
}

void ExchangeConversation::end_after(const LiveAnswer& answer, Outbox& out) {
  if (!answer.close && !answer.reset) return;
  over_ = true;
  out.end = answer.reset ? Outbox::End::Reset : Outbox::End::Close;
}

/// Lets the portions leave whose time has come.
void ExchangeConversation::send_due(Moment now, Outbox& out) {
  const LiveAnswer& answer = scratch_->answers[paced_.answer];
  const std::vector<PaceStep>& pace = paced_.stub->pace;
  while (paced_.deadline <= now.steady && out.stored.size == 0) {
    const std::uint64_t begin = paced_.sent;
    const bool last = paced_.step + 1 == pace.size();
    const std::uint64_t portion = pace[paced_.step].bytes;
    // The live reply may be longer or shorter than the recorded one: the last portion is the rest.
    paced_.sent = last ? paced_.total : std::min(paced_.total, begin + portion);
    append_slice(answer.pieces, paced_.rest, begin, paced_.sent, out);
    if (paced_.sent == paced_.total) {
      end_after(answer, out);
      paced_ = {};
      out.more = true;
      return;
    }
    paced_.deadline = pacer_.next(pace[++paced_.step].gap);
  }
  out.more = out.sends();
  if (!out.more) out.wake = paced_.deadline;
}

}  // namespace understudy
