// The forwarder's way up: requests, refusals, the client's end.
#include "protocols/http/http_forwarder.h"

#include "protocols/http/http_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {
namespace {

/// Requests that go up without a reply having come back. More are held until one has: a reply
/// needs its request's method, and memory needs a bound.
constexpr std::size_t kMaxPipelined = 256;

/// What is kept of a request that was refused: enough to see what was wrong with it.
constexpr std::size_t kRefusedBytesKept = std::size_t{64} * 1024;

}  // namespace

Taken HttpForwarder::client_bytes(ByteView unread, bool fin, Link& link) {
  std::size_t used = 0;
  bool blocked = false;
  while (!over_ && !refusal_ && !pump_) {
    if (waiting_head_ > 0) {
      if (!head_may_go()) {
        blocked = true;
        break;
      }
      send_head(unread.substr(used, waiting_head_));
      used += std::exchange(waiting_head_, 0);
      continue;
    }
    if (used < unread.size() && must_wait()) {
      blocked = true;
      break;
    }
    if (!step_request(unread.substr(used), fin, used, link)) break;
  }
  flush_upstream(link);
  if (pump_ && !over_) {
    pump_->client_bytes(unread.substr(used), fin, link);
    return {unread.size(), false};
  }
  if (over_ || refusal_) {
    update_wait(link);
    return {unread.size(), false};
  }
  if (fin && !blocked && !std::exchange(client_fin_, true)) {
    client_finished(unread.substr(used), link);
    used = unread.size();
  }
  update_wait(link);
  return {used, blocked};
}

/// A request head must not be read yet.
bool HttpForwarder::must_wait() const {
  return !decoder_.mid_body(Side::Client) &&
         (decoder_.awaits_handover() || decoder_.outstanding() >= kMaxPipelined);
}

/// One step at the front of `unread`. False: nothing more to do now.
bool HttpForwarder::step_request(ByteView unread, bool fin, std::size_t& used, Link& link) {
  const Step step = decoder_.step(Side::Client, unread, fin);
  switch (step.kind) {
    case Step::Kind::NeedMore: return false;
    case Step::Kind::Switched: hand_over(link); return false;
    case Step::Kind::Malformed: refuse_malformed(step, unread, link); return false;
    case Step::Kind::Head: request_head(step, unread.substr(0, step.size), link); return true;
    case Step::Kind::Body:
      request_body(step, unread.substr(0, step.size), link);
      used += step.size;
      return true;
  }
  return false;
}

void HttpForwarder::request_head(const Step& step, ByteView head, Link& link) {
  const HttpHead& info = decoder_.head(Side::Client);
  const bool tunnel = info.method_kind == HttpMethod::Connect;
  if (upstream_ == 0 && !tunnel) {
    Route route(rule_.upstream);
    route.tls = rule_.upstream_scheme == "https";
    upstream_ = link.open(route);
  }
  begun_ = step.exchange;
  Tape& tape = link.tape();
  tape.begin(begun_, Side::Client, tunnel ? UpstreamNo{0} : upstream_);
  tape.head(begun_, Side::Client, head);
  tape.facts(begun_, Facts{info.method.of(head), resource_of(info.target.of(head)), 0});
  if (tunnel) {
    tape.message_end(begun_, Side::Client);
    return refuse(begun_, 405, "CONNECT is for proxies, this is a forward rule", link);
  }
  changes_.clear();
  request_rewrite_.changes(head, info, changes_);
  tape_edits(begun_, Side::Client, 0, link);
  request_step_ends(step, link);
  next_authority_.assign(request_authority(head, info));
  waiting_head_ = head.size();
}

/// Back-mapping needs the authority that a request used: a head that uses another one waits until
/// the replies to those before it are out.
bool HttpForwarder::head_may_go() const {
  return upstream_open_ && (next_authority_ == client_authority_ || begun_ == ended_ + 1);
}

void HttpForwarder::send_head(ByteView head) {
  if (next_authority_ != client_authority_ || client_origin_.empty()) {
    client_authority_ = next_authority_;
    client_origin_ = client_authority_.empty()
                         ? ""
                         : fmt::format("{}://{}", rule_.client_scheme, client_authority_);
  }
  // Found again rather than kept: replacements may be views of a head that has moved since.
  changes_.clear();
  request_rewrite_.changes(head, decoder_.head(Side::Client), changes_);
  append_pieces(head, changes_, pieces_);
}

void HttpForwarder::request_body(const Step& step, ByteView bytes, Link& link) {
  link.tape().body(step.exchange, Side::Client, bytes);
  pieces_.push_back(bytes);
  request_step_ends(step, link);
}

void HttpForwarder::request_step_ends(const Step& step, Link& link) {
  if (step.message_ends) link.tape().message_end(step.exchange, Side::Client);
  if (step.exchange_ends) end(step.exchange, link);
}

void HttpForwarder::refuse_malformed(const Step& step, ByteView unread, Link& link) {
  Tape& tape = link.tape();
  const ByteView kept = unread.substr(0, kRefusedBytesKept);
  if (step.exchange > begun_) {
    begun_ = step.exchange;
    tape.begin(begun_, Side::Client, 0);
    tape.head(begun_, Side::Client, kept);
  } else {
    tape.body(step.exchange, Side::Client, kept);
  }
  tape.message_end(step.exchange, Side::Client);
  refuse(step.exchange, step.status, step.detail, link);
}

void HttpForwarder::refuse(ExchangeNo exchange, std::uint16_t status, std::string why, Link& link) {
  flush_upstream(link);
  refusal_ = Refusal{exchange, status, std::move(why)};
  answer_refusal_when_due(link);
}

void HttpForwarder::answer_refusal_when_due(Link& link) {
  if (!refusal_ || over_ || ended_ + 1 < refusal_->exchange) return;
  if (!reply_begun() && any_open()) {
    return answer(refusal_->exchange, refusal_->status, refusal_->why, link);
  }
  // Its reply is on the way already: all that is left is to stop in the middle.
  end_open(Ending::CutByUs, refusal_->why, link);
  finish(link);
}

/// The client sends no more; `rest` is what it left unfinished.
void HttpForwarder::client_finished(ByteView rest, Link& link) {
  const bool only_line_ends = rest.find_first_not_of("\r\n") == ByteView::npos;
  if (!decoder_.mid_body(Side::Client) && !only_line_ends) {
    Tape& tape = link.tape();
    const ExchangeNo cut = cut_head_ = decoder_.abandon_head();
    tape.begin(cut, Side::Client, 0);
    tape.head(cut, Side::Client, rest);
    tape.end(cut, Ending::CutByClient, "the client left in the middle of a request head");
    if (!any_open()) begun_ = ended_ = cut;
  }
  if (any_open()) {
    link.finish_upstream(upstream_);
  } else {
    finish(link);
  }
}

}  // namespace understudy
