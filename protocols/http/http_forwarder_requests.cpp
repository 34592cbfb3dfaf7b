// The forwarder's way up: requests, refusals, the client's end.
#include "protocols/http/http_forwarder.h"

#include "protocols/http/http_target.h"
#include "protocols/http/tunnel_forwarder.h"

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
      send_head(unread.substr(used, waiting_head_), link);
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
  if (tunnel_ != 0 && !over_ && !refusal_) return {used, true};  // the rest is the tunnel's
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
    case Step::Kind::Head:
      request_head(step, unread.substr(0, step.size), link);
      if (tunnel_ != 0) used += step.size;
      return tunnel_ == 0;
    case Step::Kind::Body:
      request_body(step, unread.substr(0, step.size), link);
      used += step.size;
      return true;
  }
  return false;
}

void HttpForwarder::request_head(const Step& step, ByteView head, Link& link) {
  using Kind = HttpVerdict::Kind;
  const HttpHead& info = decoder_.head(Side::Client);
  begun_ = step.exchange;
  HttpVerdict verdict;
  if (!follows(info)) {
    verdict = routing_->judge(head, info);
    lead(verdict, link);
  }
  const bool forwarded = verdict.kind == Kind::Forward || verdict.kind == Kind::Tunnel;
  tape_request(info, head, forwarded, link);
  if (!forwarded) return answer_ourselves(verdict, link);
  if (verdict.kind == Kind::Tunnel) {
    link.tape().message_end(begun_, Side::Client);
    tunnel_ = begun_;
    tunnel_target_ = verdict.route.destination;
    return;
  }
  changes_.clear();
  routing_->request_changes(head, info, changes_);
  tape_edits(begun_, Side::Client, 0, link);
  request_step_ends(step, link);
  next_authority_.assign(request_authority(head, info));
  waiting_head_ = head.size();
}

/// The request goes where those before it went, and nobody need be asked.
bool HttpForwarder::follows(const HttpHead& info) const {
  return upstream_.number != 0 && !routing_->per_request() &&
         info.method_kind != HttpMethod::Connect;
}

/// Opens what the verdict asks for and is not there.
void HttpForwarder::lead(const HttpVerdict& verdict, Link& link) {
  const bool tunnel = verdict.kind == HttpVerdict::Kind::Tunnel;
  if (!tunnel && verdict.kind != HttpVerdict::Kind::Forward) return;
  const Route& route = verdict.route;
  if (!tunnel && upstream_.number != 0 && upstream_.place == route.place) return;
  next_ = Upstream{0, false, route.place};
  if (prepared_ == 0) {
    next_.number = link.open(route);
  } else {
    next_.number = std::exchange(prepared_, UpstreamNo{0});
    link.leads_to(next_.number, route.place);
    next_.open = !route.tls;
    if (route.tls) link.secure_upstream(next_.number, route);
  }
  if (!tunnel && upstream_.number == 0) upstream_ = std::exchange(next_, {});
}

void HttpForwarder::tape_request(const HttpHead& info, ByteView head, bool forwarded, Link& link) {
  const Upstream& to = next_.number != 0 ? next_ : upstream_;
  const ByteView place =
      forwarded && info.method_kind != HttpMethod::Connect ? ByteView(to.place) : ByteView();
  Tape& tape = link.tape();
  tape.begin(begun_, Side::Client, forwarded ? to.number : UpstreamNo{0});
  tape.head(begun_, Side::Client, head);
  tape.facts(begun_, Facts{info.method.of(head), resource_of(info.target.of(head)), 0, place});
}

void HttpForwarder::answer_ourselves(const HttpVerdict& verdict, Link& link) {
  link.tape().message_end(begun_, Side::Client);
  if (verdict.kind == HttpVerdict::Kind::Refuse) {
    return refuse(begun_, verdict.status, verdict.why, link);
  }
  const ByteView pem = link.authority_pem();
  const std::uint16_t status = pem.empty() ? 404 : 200;
  answer_in_turn({begun_, status, "", certificate_reply(pem)}, link);
}

/// Back-mapping needs the authority that a request used: a head that uses another one waits until
/// the replies to those before it are out, and so does one that goes elsewhere.
bool HttpForwarder::head_may_go() const {
  if (next_.number != 0) return next_.open && begun_ == ended_ + 1;
  return upstream_.open && (next_authority_ == client_authority_ || begun_ == ended_ + 1);
}

void HttpForwarder::use_next(Link& link) {
  flush_upstream(link);
  if (upstream_.number != 0) link.close_upstream(upstream_.number);
  upstream_ = std::exchange(next_, {});
  any_reply_ = false;
  reply_persists_ = true;
}

void HttpForwarder::send_head(ByteView head, Link& link) {
  if (next_.number != 0) use_next(link);
  if (next_authority_ != client_authority_ || client_origin_.empty()) {
    client_authority_ = next_authority_;
    client_origin_ =
        client_authority_.empty() ? "" : fmt::format("{}://{}", client_scheme_, client_authority_);
  }
  // Found again rather than kept: replacements may be views of a head that has moved since.
  changes_.clear();
  routing_->request_changes(head, decoder_.head(Side::Client), changes_);
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
  OwnReply reply = refusal_reply(status, why);
  answer_in_turn({exchange, status, fmt::format("{}: {}", status, why), std::move(reply)}, link);
}

void HttpForwarder::answer_in_turn(OwnAnswer answer, Link& link) {
  flush_upstream(link);
  refusal_ = std::move(answer);
  answer_refusal_when_due(link);
}

void HttpForwarder::answer_refusal_when_due(Link& link) {
  if (!refusal_ || over_ || ended_ + 1 < refusal_->exchange) return;
  if (!reply_begun() && any_open()) return answer_with(*std::exchange(refusal_, {}), link);
  // Its reply is on the way already: all that is left is to stop in the middle.
  end_open(Ending::CutByUs, refusal_->note, link);
  finish(link);
}

/// The upstream of a CONNECT is there and all replies before it are out: from now on the connection
/// is a tunnel (RFC 9110 §9.3.6).
void HttpForwarder::enter_tunnel_when_due(Link& link) {
  if (tunnel_ == 0 || refusal_ || !next_.open || ended_ + 1 != tunnel_) return;
  constexpr ByteView kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";
  if (upstream_.number != 0) link.close_upstream(upstream_.number);
  Tape& tape = link.tape();
  tape.answered_by_us(tunnel_);
  tape.facts(tunnel_, Facts{{}, {}, 200});
  tape.head(tunnel_, Side::Server, kEstablished);
  tape.message_end(tunnel_, Side::Server);
  tape.end(tunnel_, Ending::Complete, {});
  link.send_client({&kEstablished, 1});
  over_ = true;
  link.become(std::make_unique<TunnelForwarder>(rule_, tunnel_target_, next_.number, tunnel_));
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
    link.finish_upstream(upstream_.number);
  } else {
    finish(link);
  }
}

}  // namespace understudy
