#include "recorder/session_tape.h"

#include "protocols/core/place.h"

#include "protocols/core/chunk_list.h"
#include "protocols/core/edit_list.h"

#include <algorithm>
#include <cassert>

namespace understudy {

namespace {

/// Session notes are a sentence each; a stream that is malformed a thousand times says so ten
/// times.
constexpr std::size_t kMaxSessionNote = 1024;

}  // namespace

SessionTape::SessionTape(RowOutbox& outbox, std::int64_t session, std::string_view protocol,
                         const RuleRedaction* redaction)
    : outbox_(outbox),
      session_(session),
      own_protocol_(protocol),
      protocol_(protocol),
      redaction_(redaction) {}

SessionTape::~SessionTape() {
  if (!listed_) return;
  spill(Spill::All);  // a forwarder ends what it began; should one not, its bytes are still kept
  outbox_.unlist(*this);
}

void SessionTape::begin(ExchangeNo exchange, Side opener, UpstreamNo upstream) {
  open_.push_back(outbox_.exchange_pool().take());
  OpenExchange& open = *open_.back();
  open.number = exchange;
  open.id = outbox_.sink().next_exchange_id();
  open.beat = outbox_.beats();
  open.upstream = upstream;
  open.protocol = protocol_;
  open.opener = opener;
  open.started_at = now_;
  open.dropped = outbox_.must_drop();
  outbox_.exchanges_begun.fetch_add(1, std::memory_order_relaxed);
  ensure_listed();
}

void SessionTape::ensure_listed() {
  if (listed_) return;
  outbox_.list(*this);
  listed_ = true;
}

OpenExchange& SessionTape::find(ExchangeNo exchange) {
  // One is open almost always; a pipeline's newest is asked for most.
  for (std::size_t i = open_.size(); i-- > 0;) {
    if (open_[i]->number == exchange) return *open_[i];
  }
  assert(false && "a forwarder used an exchange that it had not begun or had ended");
  begin(exchange, Side::Client, 0);
  return *open_.back();
}

void SessionTape::head(ExchangeNo exchange, Side from, ByteView bytes) {
  append(find(exchange), from, bytes, true);
}

void SessionTape::body(ExchangeNo exchange, Side from, ByteView bytes) {
  append(find(exchange), from, bytes, false);
}

void SessionTape::append(OpenExchange& open, Side from, ByteView bytes, bool is_head) {
  bytes_[static_cast<std::size_t>(from)] += bytes.size();
  if (open.dropped) {
    count_dropped(bytes.size());
    return;
  }
  Half& side = open.half(from);
  if (!side.unwritten.empty() && side.unwritten.size() + bytes.size() > kSpillBytes) {
    write(open, true, Ending::Complete);
    if (open.dropped) return count_dropped(bytes.size());
  }
  const std::int64_t before = side.weight();
  add_chunk(open, from, bytes.size());
  if (redaction_ == nullptr) {
    side.add(bytes, lender());
  } else if (!redaction_->needs_whole_messages()) {
    const std::size_t begin = side.unwritten.size();
    side.add(bytes, lender());
    if (is_head) {
      Bytes head = side.unwritten.substr(begin);
      redaction_->redact_head(from, head);
      side.unwritten.replace(begin, Bytes::npos, head);
      if (from == Side::Client) refresh_redacted_facts(open);
    }
  } else if (!side.overlong && side.held.size() + bytes.size() <= kMaxHeldForRedaction) {
    side.held += bytes;
  } else {
    side.overlong = true;
    count_dropped(bytes.size());
  }
  ensure_listed();
  outbox_.holds(side.weight() - before);
  const std::size_t bound = outbox_.crowded() ? kCrowdedSpillBytes : kSpillBytes;
  if (side.unwritten.size() >= bound) write(open, true, Ending::Complete);
}

/// Room to grow is for when there is room.
RecordingSink* SessionTape::lender() {
  return outbox_.crowded() ? nullptr : &outbox_.sink();
}

void SessionTape::passed(Side from, std::uint64_t size) {
  bytes_[static_cast<std::size_t>(from)] += size;
}

void SessionTape::message_end(ExchangeNo exchange, Side from) {
  if (redaction_ != nullptr && redaction_->needs_whole_messages()) {
    release_held(find(exchange), from);
  }
}

void SessionTape::release_held(OpenExchange& open, Side from) {
  Half& side = open.half(from);
  if (side.held.empty()) return;
  if (side.overlong) {
    // Its secrets may lie across what was cut off, so only the head can be vouched for.
    const std::size_t size = side.held.size();
    const std::size_t blank = side.held.find("\r\n\r\n");
    side.held.resize(blank == Bytes::npos ? 0 : blank + 4);
    count_dropped(size - side.held.size());
    add_note(open, "a body too large to redact was not stored");
  }
  add_note(open, redaction_->redact(from, side.held));
  const std::int64_t before = side.weight();
  side.add(side.held, lender());
  outbox_.holds(side.weight() - before);
  empty_buffer(side.held);
  side.overlong = false;
  if (from == Side::Client) refresh_redacted_facts(open);
}

void SessionTape::refresh_redacted_facts(OpenExchange& open) {
  const Half& request = open.half(Side::Client);
  if (!reads_redacted(open) || request.written > 0 || request.unwritten.empty()) return;
  OwnedFacts facts = redaction_->facts(request.unwritten);
  open.method = std::move(facts.method);
  open.resource = placed_resource(open.place, facts.resource);
}

void SessionTape::facts(ExchangeNo exchange, const Facts& facts) {
  OpenExchange& open = find(exchange);
  if (facts.status != 0) open.status = facts.status;
  if (!facts.place.empty()) open.place = facts.place;
  if (reads_redacted(open)) return refresh_redacted_facts(open);
  if (!facts.method.empty()) open.method = facts.method;
  if (facts.resource.empty()) return;
  if (facts.place.empty()) {
    open.resource = facts.resource;
  } else {
    open.resource = placed_resource(facts.place, facts.resource);
  }
}

void SessionTape::edit(ExchangeNo exchange, Side from, Edit edit) {
  if (redaction_ != nullptr) redaction_->redact_replacement(edit.replacement);
  append_edit(find(exchange).edits, from, edit);
}

void SessionTape::answered_by_us(ExchangeNo exchange) {
  find(exchange).origin = Origin::Understudy;
}

void SessionTape::end(ExchangeNo exchange, Ending ending, ByteView note) {
  for (std::size_t i = open_.size(); i-- > 0;) {
    OpenExchange& open = *open_[i];
    if (open.number != exchange) continue;
    if (redaction_ != nullptr && redaction_->needs_whole_messages()) {
      release_held(open, Side::Client);
      release_held(open, Side::Server);
    }
    add_note(open, note);
    if (!open.dropped || open.row_written) write(open, false, ending);
    if (!open.row_written) outbox_.exchanges_dropped.fetch_add(1, std::memory_order_relaxed);
    for (Half& side : open.halves)
      let_go(side);
    outbox_.exchange_pool().give_back(std::move(open_[i]));
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

void SessionTape::count_dropped(std::uint64_t bytes) {
  dropped_bytes_ += bytes;
  outbox_.bytes_dropped.fetch_add(bytes, std::memory_order_relaxed);
}

void SessionTape::session_note(ByteView note) {
  if (note_.size() + note.size() > kMaxSessionNote) return;
  if (!note_.empty()) note_ += "; ";
  note_ += note;
}

void SessionTape::add_note(OpenExchange& open, std::string_view text) {
  if (text.empty()) return;
  if (!open.note.empty()) open.note += "; ";
  open.note += text;
}

bool SessionTape::spill(Spill which) {
  bool clean = true;
  for (const std::unique_ptr<OpenExchange>& each : open_) {
    OpenExchange& open = *each;
    const bool has_bytes = !open.halves[0].unwritten.empty() || !open.halves[1].unwritten.empty();
    if (open.dropped || (open.row_written && !has_bytes)) continue;
    const bool old = which == Spill::All || open.row_written || open.beat + 1 < outbox_.beats();
    if (old) {
      write(open, true, Ending::Complete);
    } else {
      clean = false;  // most likely it ends before the next beat, as one row
    }
  }
  if (clean) listed_ = false;
  return clean;
}

void SessionTape::write(OpenExchange& open, bool still_open, Ending ending) {
  if (outbox_.must_drop()) {
    drop_unwritten(open);
    if (!open.row_written) return;
  }
  if (!open.row_written) {
    write_row(open, still_open, ending);
  } else {
    write_segments(open);
    if (!still_open) write_update(open, ending);
  }
  outbox_.submit_if_large();
}

/// A chunk is what one read brought, whether it came as a head and a body or in one piece.
void SessionTape::add_chunk(OpenExchange& open, Side from, std::size_t size) {
  Chunk& last = open.last_chunk;
  const Duration after = since(open);
  if (last.from == from && last.after == after && last.size > 0) {
    last.size += size;
    return;
  }
  if (last.size > 0) append_chunk(open.chunks, last.from, last.size, last.after);
  last = {from, size, after};
}

Span SessionTape::take_chunks(OpenExchange& open) {
  Chunk& last = open.last_chunk;
  if (last.size > 0) append_chunk(open.chunks, last.from, last.size, last.after);
  last = {};
  const Span span = outbox_.batch().add(open.chunks);
  open.chunks.clear();
  return span;
}

Span SessionTape::give(Half& side) {
  side.written += side.unwritten.size();
  // What is large goes as it is: copying it would be most of what it costs us. A buffer that was
  // not lent is as large as its bytes, and its heap is better off without it soon.
  const bool whole =
      side.unwritten.size() >= kLargeBytes && side.unwritten.capacity() >= kSpillBytes;
  outbox_.holds(-side.weight());
  if (whole) return outbox_.batch().take(side.unwritten);
  const Span span = outbox_.batch().add(side.unwritten);
  empty_buffer(side.unwritten);
  return span;
}

void SessionTape::let_go(Half& side) {
  outbox_.holds(-side.weight());
  empty_buffer(side.unwritten);
}

void SessionTape::drop_unwritten(OpenExchange& open) {
  for (Half& side : open.halves) {
    count_dropped(side.unwritten.size() + side.held.size());
    let_go(side);
    empty_buffer(side.held);
  }
  open.chunks.clear();
  open.last_chunk = {};
  if (!open.dropped) add_note(open, "the rest was dropped: the writer could not keep up");
  open.dropped = true;
}

void SessionTape::write_row(OpenExchange& open, bool still_open, Ending ending) {
  Batch& batch = outbox_.batch();
  ExchangeRow row;
  row.id = open.id;
  row.session = session_;
  row.number = open.number;
  row.upstream = open.upstream;
  row.opener = open.opener;
  row.origin = open.origin;
  row.open = still_open;
  row.ending = ending;
  row.status = open.status;
  row.started_at = open.started_at;
  row.duration = since(open);
  row.protocol = open.protocol;
  row.method = batch.add(open.method);
  row.resource = batch.add(open.resource);
  row.request = give(open.halves[0]);
  row.reply = give(open.halves[1]);
  row.chunks = take_chunks(open);
  row.edits = batch.add(open.edits);
  row.note = batch.add(open.note);
  batch.exchanges.push_back(row);
  open.row_written = true;
  open.edits.clear();  // an update adds to the row's
}

void SessionTape::write_segments(OpenExchange& open) {
  Batch& batch = outbox_.batch();
  for (const Side from : {Side::Client, Side::Server}) {
    Half& side = open.half(from);
    if (side.unwritten.empty()) continue;
    // The chunk list covers both sides; it goes with the first segment of the pair.
    const std::uint64_t offset = side.written;
    batch.segments.push_back({open.id, from, offset, give(side), take_chunks(open)});
  }
}

void SessionTape::write_update(OpenExchange& open, Ending ending) {
  Batch& batch = outbox_.batch();
  ExchangeUpdate update;
  update.id = open.id;
  update.origin = open.origin;
  update.ending = ending;
  update.status = open.status;
  update.duration = since(open);
  update.request_size = open.halves[0].written;
  update.reply_size = open.halves[1].written;
  update.method = batch.add(open.method);
  update.resource = batch.add(open.resource);
  update.edits = batch.add(open.edits);
  update.note = batch.add(open.note);
  batch.updates.push_back(update);
}

Duration SessionTape::since(const OpenExchange& open) const {
  return std::max(Duration{0}, now_ - open.started_at);
}

}  // namespace understudy
