#include "protocols/core/stream_labeler.h"

#include "protocols/core/raw_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

constexpr std::size_t index_of(Side side) {
  return static_cast<std::size_t>(side);
}

}  // namespace

StreamLabeler::StreamLabeler(std::unique_ptr<Decoder> decoder, ExchangeNo before,
                             UpstreamNo upstream)
    : decoder_(std::move(decoder)), upstream_(upstream), base_(before), begun_(before) {}

void StreamLabeler::take(Side from, ByteView bytes, bool fin, Tape& tape) {
  Bytes& held = held_[index_of(from)];
  if (held.empty()) {
    const std::size_t used = label_all(from, bytes, fin, tape);
    held.assign(bytes.substr(used));
    return;
  }
  // The copy is taken out first: giving up tapes what is held of both sides.
  Bytes all = std::exchange(held, Bytes{});
  all += bytes;
  const std::size_t used = label_all(from, all, fin, tape);
  held.assign(all, used);
}

std::size_t StreamLabeler::label_all(Side from, ByteView unread, bool fin, Tape& tape) {
  std::size_t used = 0;
  for (;;) {
    const ByteView rest = unread.substr(used);
    const Step step = decoder_->step(from, rest, fin);
    switch (step.kind) {
      case Step::Kind::NeedMore:
        if (!fin || rest.empty()) return used;
        give_up(from, "the stream ended in the middle of a message", tape);
        break;
      case Step::Kind::Malformed: give_up(from, step.detail, tape); break;
      case Step::Kind::Switched:
        tape.speaks("raw");
        go_raw(tape);
        break;
      case Step::Kind::Head:
      case Step::Kind::Body:
        label(step, from, rest.substr(0, step.size), tape);
        used += step.size;
        break;
    }
  }
}

void StreamLabeler::label(const Step& step, Side from, ByteView bytes, Tape& tape) {
  const ExchangeNo number = base_ + step.exchange;
  OpenExchange& open = exchange(number, from, tape);
  labelled_[index_of(from)] += bytes.size();
  if (!bytes.empty()) {
    open.speaking[index_of(from)] = true;
    if (step.kind == Step::Kind::Head) {
      tape.head(number, from, bytes);
    } else {
      tape.body(number, from, bytes);
    }
  }
  if (step.message_ends && std::exchange(open.speaking[index_of(from)], false)) {
    tape.message_end(number, from);
  }
  if (step.exchange_ends) end(number, Ending::Complete, {}, tape);
}

StreamLabeler::OpenExchange& StreamLabeler::exchange(ExchangeNo number, Side from, Tape& tape) {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const OpenExchange& open) { return open.number == number; });
  if (found != open_.end()) return *found;
  tape.begin(number, from, upstream_);
  begun_ = std::max(begun_, number);
  OpenExchange& open = open_.emplace_back();
  open.number = number;
  return open;
}

void StreamLabeler::end(ExchangeNo number, Ending ending, ByteView note, Tape& tape) {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const OpenExchange& open) { return open.number == number; });
  if (found == open_.end()) return;
  for (const Side side : {Side::Client, Side::Server}) {
    if (found->speaking[index_of(side)]) tape.message_end(number, side);
  }
  tape.end(number, ending, note);
  open_.erase(found);
}

void StreamLabeler::give_up(Side from, ByteView why, Tape& tape) {
  tape.session_note(fmt::format("not decoded from byte {} of the {} on: {}",
                                labelled_[index_of(from)],
                                from == Side::Client ? "client" : "server", why));
  tape.speaks("raw");
  go_raw(tape);
}

void StreamLabeler::go_raw(Tape& tape) {
  while (!open_.empty()) {
    end(open_.front().number, Ending::CutByUs, "its decoding stopped here", tape);
  }
  decoder_ = std::make_unique<RawDecoder>();
  base_ = begun_;
  // The side whose bytes are being labelled goes on in its own loop; the other may have bytes held.
  for (const Side side : {Side::Client, Side::Server}) {
    const Bytes held = std::exchange(held_[index_of(side)], Bytes{});
    for (ByteView rest = held; !rest.empty();) {
      const Step step = decoder_->step(side, rest, false);
      label(step, side, rest.substr(0, step.size), tape);
      rest.remove_prefix(step.size);
    }
  }
}

void StreamLabeler::end_all(Ending ending, ByteView note, Tape& tape) {
  if (!held_[0].empty() || !held_[1].empty()) {
    tape.session_note("the connection ended in the middle of a message");
    go_raw(tape);
  }
  while (!open_.empty())
    end(open_.front().number, ending, note, tape);
}

}  // namespace understudy
