#include "replayer/stream_conversation.h"

#include "replayer/exchange_index.h"
#include "replayer/reply_slice.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace understudy {

StreamConversation::StreamConversation(StreamRepertoire& repertoire, const ConversationPlace& place)
    : repertoire_(repertoire), place_(place), pacer_(repertoire.service().timing_factor) {}

StreamConversation::~StreamConversation() {
  if (so_far_.script != nullptr && !claimed_) repertoire_.pool().erase(script_);
}

bool StreamConversation::idle() const {
  if (!held_.empty() || deadline_) return false;
  if (so_far_.script == nullptr || turn_ >= so_far_.script->turns.size()) return true;
  return so_far_.received <= so_far_.script->turns[turn_].client_begin;
}

void StreamConversation::on_open(Moment now, Outbox& out) {
  pacer_.arrival(now.steady);
  const std::optional<ScriptPool::Pick> pick = repertoire_.pool().pencil();
  if (!pick) {
    const std::vector<StreamScript>& scripts = repertoire_.pool().scripts();
    const bool client_waits =
        !scripts.empty() && std::ranges::all_of(scripts, &StreamScript::server_speaks_first);
    if (client_waits) miss({}, now, true);
    return release(now, out);
  }
  follow(*pick);
  const StreamScript* all_said_by_server = so_far_.script;
  if (all_said_by_server->client.empty()) {
    claim([=](const StreamScript& other) { return &other == all_said_by_server; });
  }
  release(now, out);
}

void StreamConversation::on_bytes(ByteView bytes, Moment now, Outbox& out) {
  if (over_) return;
  if (repertoire_.service().redaction) {
    held_ += bytes;
    redacted_.clear();
    take_turns(now);
  } else {
    take_bytes(bytes, now);
  }
  release(now, out);
}

void StreamConversation::on_eof(Moment now, Outbox& out) {
  eof_ = true;
  if (over_) return;
  const bool within_turn = claimed_ && turn_ < so_far_.script->turns.size() &&
                           so_far_.received > so_far_.script->turns[turn_].client_begin;
  if (within_turn || !held_.empty()) miss(held_, now);
  release(now, out);
}

void StreamConversation::on_time(Moment now, Outbox& out) {
  if (patience_ && *patience_ <= now.steady && !over_) miss(held_, now);
  release(now, out);
}

void StreamConversation::take_bytes(ByteView bytes, Moment now) {
  const auto fits = [&](const StreamScript& other) { return so_far_.continues(other, bytes); };
  if (claimed_ && fits(*so_far_.script)) return advance(bytes.size(), now);
  if (claim(fits)) return advance(bytes.size(), now);
  if (any(fits)) return miss(bytes, now, true);
  // What came before the difference was asked in good order, and is answered.
  const ByteView front = longest_front(bytes);
  const auto front_fits = [&](const StreamScript& other) {
    return so_far_.continues(other, front);
  };
  if (!front.empty() && ((claimed_ && front_fits(*so_far_.script)) || claim(front_fits))) {
    advance(front.size(), now);
    bytes.remove_prefix(front.size());
  }
  miss(bytes, now);
}

/// The most of `bytes` that some session goes on with.
ByteView StreamConversation::longest_front(ByteView bytes) const {
  std::size_t longest = 0;
  for (const StreamScript& script : repertoire_.pool().scripts()) {
    const std::size_t size = so_far_.front_size(script, bytes);
    if (size > longest && so_far_.is_front_of(script)) longest = size;
  }
  return bytes.substr(0, longest);
}

/// The same under redaction: turn by turn, each once it is whole.
void StreamConversation::take_turns(Moment now) {
  patience_.reset();
  while (!held_.empty() && !over_) {
    const auto fits = [this](const StreamScript& other) { return turn_fits(other); };
    if ((claimed_ && fits(*so_far_.script)) || claim(fits)) {
      const ScriptTurn* turn = StreamTranscript::turn_at(*so_far_.script, so_far_.received);
      held_.erase(0, turn->client_size);
      redacted_.clear();
      advance(turn->client_size, now);
    } else if (may_become_a_turn()) {
      patience_ = now.steady + kTurnPatience;
      return;
    } else {
      miss(held_, now, any(fits));
    }
  }
}

bool StreamConversation::turn_fits(const StreamScript& script) {
  const ScriptTurn* turn = StreamTranscript::turn_at(script, so_far_.received);
  if (turn == nullptr || turn->client_size > held_.size()) return false;
  return so_far_.continues(script, redacted(turn->client_size));
}

const Bytes& StreamConversation::redacted(std::uint64_t size) {
  const auto [at, is_new] = redacted_.try_emplace(size, held_, 0, size);
  if (is_new) repertoire_.service().redaction->apply(at->second);
  return at->second;
}

bool StreamConversation::may_become_a_turn() const {
  return any([this](const StreamScript& script) {
    const ScriptTurn* turn = StreamTranscript::turn_at(script, so_far_.received);
    return turn != nullptr && turn->client_size > held_.size() && so_far_.is_front_of(script);
  });
}

bool StreamConversation::any(const ScriptPool::Fits& fits) const {
  return std::ranges::any_of(repertoire_.pool().scripts(), fits);
}

/// Finds another session to follow; false: none fits.
bool StreamConversation::claim(const ScriptPool::Fits& fits) {
  ScriptPool& pool = repertoire_.pool();
  std::optional<std::size_t> pencilled;
  if (so_far_.script != nullptr && !claimed_) pencilled = script_;
  const std::optional<ScriptPool::Pick> pick = pool.claim(fits, pencilled);
  if (!pick) return false;
  if (claimed_) pool.unclaim(script_);
  claimed_ = true;
  follow(*pick);
  return true;
}

/// From here on the connection is the session `pick`, and was so from the start.
void StreamConversation::follow(ScriptPool::Pick pick) {
  ScriptPool& pool = repertoire_.pool();
  again_ = pick.again;
  if (so_far_.script != nullptr && script_ == pick.script) return;
  for (const std::size_t turn : so_far_.replayed_turns())
    pool.use(script_, turn, -1);
  script_ = pick.script;
  so_far_.script = &pool.scripts()[script_];
  for (const std::size_t turn : so_far_.replayed_turns())
    pool.use(script_, turn);
  const auto ends_later = [this](const ScriptTurn& turn) {
    return turn.client_begin + turn.client_size > so_far_.received;
  };
  const StreamScript& script = *so_far_.script;
  turn_ = static_cast<std::size_t>(std::ranges::find_if(script.turns, ends_later) -
                                   script.turns.begin());
  const auto left_later = [this](const ScriptSend& send) {
    return send.begin + send.size() > so_far_.sent;
  };
  next_send_ = static_cast<std::size_t>(std::ranges::find_if(script.sends, left_later) -
                                        script.sends.begin());
  deadline_.reset();
}

void StreamConversation::advance(std::uint64_t size, Moment now) {
  so_far_.received += size;
  if (!deadline_) pacer_.arrival(now.steady);
  report_turns(now);
}

/// Each client turn that is whole is one request of the report.
void StreamConversation::report_turns(Moment now) {
  const std::vector<ScriptTurn>& turns = so_far_.script->turns;
  for (; turn_ < turns.size(); ++turn_) {
    const ScriptTurn& turn = turns[turn_];
    if (turn.client_begin + turn.client_size > so_far_.received) return;
    if (turn.client_size == 0) continue;
    repertoire_.pool().use(script_, turn_);
    place_.journal.answered({0, now.wall, &repertoire_.service().identity, &turn.label,
                             &turn.exchange, turn.key,
                             again_ ? Outcome::Exhausted : Outcome::Exact});
  }
}

/// Says what is due, and when the next thing is.
void StreamConversation::release(Moment now, Outbox& out) {
  if (so_far_.script == nullptr) {
    if (eof_ || missed_) out.end = Outbox::End::Close;
    return;
  }
  const std::vector<ScriptSend>& sends = so_far_.script->sends;
  while (next_send_ < sends.size() && sends[next_send_].trigger <= so_far_.received) {
    const ScriptSend& send = sends[next_send_];
    if (!is_due(send.gap, now, out)) return;
    const bool first_of_banner = so_far_.script->turns[send.turn].client_size == 0 &&
                                 (next_send_ == 0 || sends[next_send_ - 1].turn != send.turn);
    if (first_of_banner) repertoire_.pool().use(script_, send.turn);
    append_slice(std::span(&send.bytes, 1), send.stored, so_far_.sent - send.begin, send.size(),
                 out);
    so_far_.sent = send.begin + send.size();
    ++next_send_;
    if (out.stored.size != 0) {
      out.more = true;  // what follows must wait until it is out
      return;
    }
  }
  release_end(now, out);
  if (patience_ && !over_) out.wake = std::min(out.wake.value_or(*patience_), *patience_);
}

void StreamConversation::release_end(Moment now, Outbox& out) {
  if (missed_) out.end = Outbox::End::Close;
  if (over_) return;
  const StreamScript& script = *so_far_.script;
  const bool all_said =
      claimed_ && next_send_ == script.sends.size() && so_far_.received == script.client.size();
  if (all_said && script.end != ScriptEnd::Client) {
    if (!is_due(script.end_gap, now, out)) return;
    over_ = true;
    const bool reset = script.end == ScriptEnd::ServerReset;
    out.end = reset ? Outbox::End::Reset : Outbox::End::Close;
  } else if (eof_) {
    over_ = true;
    out.end = Outbox::End::Close;
  }
}

bool StreamConversation::is_due(Duration gap, Moment now, Outbox& out) {
  if (!deadline_) deadline_ = pacer_.next(gap);
  if (*deadline_ > now.steady) {
    out.wake = deadline_;
    return false;
  }
  deadline_.reset();
  return true;
}

void StreamConversation::miss(ByteView got, Moment now, bool used_up) {
  missed_ = true;
  over_ = true;
  patience_.reset();
  Bytes seen(got);
  if (repertoire_.service().redaction) repertoire_.service().redaction->apply(seen);
  Bytes turn;
  if (so_far_.script != nullptr && turn_ < so_far_.script->turns.size()) {
    const std::uint64_t begin = so_far_.script->turns[turn_].client_begin;
    if (begin < so_far_.received) turn = so_far_.client().substr(begin);
  }
  turn += seen;
  MissedRow row;
  row.time = now.wall;
  row.service = &repertoire_.service().identity;
  row.label = turn.empty() ? "a connection" : bytes_label(turn);
  row.key = key_hash(turn);
  if (!place_.destination.empty()) {
    row.label = fmt::format("{}: {}", place_.destination, row.label);
    row.key ^= key_hash(place_.destination);
  }
  row.session = place_.session;
  row.nearest = nearest_sessions(repertoire_.pool().scripts(), so_far_, seen, used_up);
  place_.journal.missed(std::move(row));
}

}  // namespace understudy
