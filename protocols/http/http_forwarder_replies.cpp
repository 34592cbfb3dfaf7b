// The forwarder's way down: replies, back-mapping, the upstream's end.
#include "protocols/http/http_forwarder.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {

namespace {

/// Upstreams of one client connection, one after the other. Each leaves something behind until the
/// session ends; a client that moves on more often than this is made to connect anew.
constexpr UpstreamNo kMostUpstreams = 100;

}  // namespace

Taken HttpForwarder::upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin, Link& link) {
  if (upstream != upstream_.number) return unused_upstream_bytes(upstream, unread, fin, link);
  std::size_t used = 0;
  while (!over_ && !pump_) {
    if (!step_reply(unread.substr(used), fin, used, link)) break;
  }
  flush_client(link);
  if (pump_ && !over_) {
    pump_->upstream_bytes(unread.substr(used), fin, link);
    return {unread.size(), false};
  }
  answer_refusal_when_due(link);
  if (!over_) enter_tunnel_when_due(link);
  if (!over_ && fin) {
    upstream_finished(unread.substr(used), link);
  } else if (!over_ && !any_open() && (client_fin_ || upstream_.number >= kMostUpstreams)) {
    finish(link);
  }
  update_wait(link);
  return {over_ ? unread.size() : used, false};
}

/// One step at the front of `unread`. False: nothing more to do now.
bool HttpForwarder::step_reply(ByteView unread, bool fin, std::size_t& used, Link& link) {
  const Step step = decoder_.step(Side::Server, unread, fin);
  const ByteView bytes = unread.substr(0, step.size);
  switch (step.kind) {
    case Step::Kind::NeedMore: return false;
    case Step::Kind::Switched:
      flush_client(link);
      hand_over(link);
      return false;
    case Step::Kind::Malformed:
      undecodable_reply(step, unread, link);
      used += unread.size();
      return false;
    case Step::Kind::Head: reply_head(step, bytes, link); break;
    case Step::Kind::Body:
      if (!bytes.empty()) {
        link.tape().body(step.exchange, Side::Server, bytes);
        pieces_.push_back(bytes);
      }
      break;
  }
  used += step.size;
  reply_bytes_ += step.size;
  if (step.message_ends) link.tape().message_end(step.exchange, Side::Server);
  if (step.exchange_ends) end(step.exchange, link);
  return true;
}

void HttpForwarder::reply_head(const Step& step, ByteView head, Link& link) {
  Tape& tape = link.tape();
  const HttpHead& info = decoder_.head(Side::Server);
  if (step.exchange > begun_) {  // nobody asked: 408 on an idle connection
    begun_ = step.exchange;
    tape.begin(begun_, Side::Server, upstream_.number);
  }
  if (std::exchange(reply_exchange_, step.exchange) != step.exchange) reply_bytes_ = 0;
  if (info.status >= 200 || info.status == 101) {
    reply_begun_ = step.exchange;
    reply_persists_ = info.persistent();
  }
  any_reply_ = true;
  tape.head(step.exchange, Side::Server, head);
  tape.facts(step.exchange, Facts{{}, {}, info.status});
  changes_.clear();
  routing_->reply_changes(head, info, client_origin_, changes_);
  tape_edits(step.exchange, Side::Server, reply_bytes_, link);
  append_pieces(head, changes_, pieces_);
}

/// Relays what cannot be followed: the bytes at hand are kept with the exchange they answer, all
/// that comes later is pumped and taped as raw turns.
void HttpForwarder::undecodable_reply(const Step& step, ByteView unread, Link& link) {
  Tape& tape = link.tape();
  pieces_.push_back(unread);
  flush_client(link);
  tape.session_note(fmt::format("the reply in exchange {} is not HTTP from its byte {} on: {}",
                                step.exchange == 0 ? ended_ + 1 : step.exchange, reply_bytes_,
                                step.detail));
  if (any_open()) tape.body(ended_ + 1, Side::Server, unread);
  end_open(Ending::CutByUs, fmt::format("its reply could not be decoded: {}", step.detail), link);
  if (refusal_) return finish(link);
  waiting_head_ = 0;  // shown again, and pumped like all that follows
  hand_over(link);
}

/// The upstream sends no more; `rest` is what it left unfinished.
void HttpForwarder::upstream_finished(ByteView rest, Link& link) {
  if (!any_open()) {
    if (!rest.empty() || !let_idle_upstream_go(link)) finish(link);
    return;
  }
  if (!rest.empty()) {
    link.tape().head(ended_ + 1, Side::Server, rest);
    pieces_.push_back(rest);
    flush_client(link);
    reply_begun_ = ended_ + 1;
  }
  unanswered("the upstream closed the connection", false, link);
}

/// A client whose requests may go anywhere outlives an upstream that closes between two of them.
bool HttpForwarder::let_idle_upstream_go(Link& link) {
  if (!routing_->per_request() || !reply_persists_ || client_fin_) return false;
  if (upstream_.number >= kMostUpstreams) return false;
  link.close_upstream(upstream_.number);
  upstream_ = {};
  any_reply_ = false;
  return true;
}

/// Of an upstream that no request went to yet. What it says waits until one has.
Taken HttpForwarder::unused_upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin,
                                           Link& link) {
  if (over_) return {unread.size(), false};
  if (!fin) return {0, true};
  unused_upstream_ended(upstream, "the upstream closed the connection before it was used", link);
  return {unread.size(), false};
}

void HttpForwarder::unused_upstream_ended(UpstreamNo upstream, const std::string& why, Link& link) {
  if (upstream == prepared_) {
    prepared_ = 0;  // the first request opens another
    link.close_upstream(upstream);
  } else if (upstream == next_.number && !refusal_) {
    refuse(begun_, 502, why, link);
  }
}

/// The upstream is gone while exchanges are open, `reset` or in order.
void HttpForwarder::unanswered(const std::string& why, bool reset, Link& link) {
  if (!any_open()) return finish(link);
  // On a fresh connection this is an upstream that does not work; on a used one it is the race
  // that every keep-alive client knows, and the client must see it as it was.
  if (!any_reply_ && !reply_begun()) {
    return answer(ended_ + 1, 502, why + " before it replied", link);
  }
  over_ = true;
  const bool client_left = client_fin_ && decoder_.mid_body(Side::Client);
  end_open(client_left ? Ending::CutByClient : Ending::CutByUpstream, why, link);
  if (reset) {
    link.abort();
  } else {
    link.close();
  }
}

}  // namespace understudy
