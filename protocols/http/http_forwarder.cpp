// Session-wide parts of the forwarder. Requests: http_forwarder_requests.cpp, replies:
// http_forwarder_replies.cpp.
#include "protocols/http/http_forwarder.h"

#include "protocols/core/raw_decoder.h"
#include "protocols/http/http_own_replies.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace understudy {

namespace {

std::uint16_t status_of(NoUpstream why) {
  switch (why) {
    case NoUpstream::Refused: return 502;
    case NoUpstream::TimedOut: return 504;
    case NoUpstream::Loop: return 508;
    case NoUpstream::Untrusted: return 502;
  }
  return 502;
}

}  // namespace

HttpForwarder::HttpForwarder(const ForwardRule& rule, std::unique_ptr<HttpRouting> routing,
                             Before before)
    : rule_(rule),
      routing_(std::move(routing)),
      client_scheme_(before.client_scheme.empty() ? rule.client_scheme : before.client_scheme),
      decoder_(before.exchanges),
      prepared_(before.upstream),
      begun_(before.exchanges),
      ended_(before.exchanges) {}

// The upstream is opened by the first request: where it goes hangs on its head.
void HttpForwarder::start(Link&) {}

void HttpForwarder::client_secured(const ClientTlsFacts& facts, Link&) {
  routing_->client_named(facts.server_name);
}

void HttpForwarder::upstream_opened(UpstreamNo upstream, Link& link) {
  if (upstream == upstream_.number) upstream_.open = true;
  if (upstream == next_.number) next_.open = true;
  if (!over_) enter_tunnel_when_due(link);
}

void HttpForwarder::upstream_failed(UpstreamNo upstream, const Error& error, NoUpstream why,
                                    Link& link) {
  if (over_) return;
  if (upstream == next_.number) return refuse(begun_, status_of(why), describe(error), link);
  if (upstream != upstream_.number) return;
  if (!any_open()) return finish(link);
  answer(ended_ + 1, status_of(why), describe(error), link);
}

void HttpForwarder::client_lost(const Error& error, Link& link) {
  if (std::exchange(over_, true)) return;
  if (pump_) return pump_->lost(Side::Client, error, link);
  end_open(Ending::CutByClient, describe(error), link);
  link.abort();
}

void HttpForwarder::upstream_lost(UpstreamNo upstream, const Error& error, Link& link) {
  if (over_) return;
  if (pump_) {
    over_ = true;
    return pump_->lost(Side::Server, error, link);
  }
  if (upstream != upstream_.number) return unused_upstream_ended(upstream, describe(error), link);
  if (!any_open() && let_idle_upstream_go(link)) return;
  unanswered(describe(error), true, link);
}

void HttpForwarder::timed_out(Wait wait, Link& link) {
  if (over_ || pump_ || (wait != Wait::Head && wait != Wait::Reply)) return;
  if (wait == Wait::Head) {
    if (any_open()) return;
    begun_ = decoder_.abandon_head();
    link.tape().begin(begun_, Side::Client, 0);
    return answer(begun_, 408, "the request head did not end in time", link);
  }
  if (!any_open()) return;
  if (!reply_begun()) return answer(ended_ + 1, 504, "the upstream did not reply in time", link);
  over_ = true;
  end_open(Ending::CutByUs, "the upstream stopped in the middle of its reply", link);
  link.abort();
}

void HttpForwarder::stop(Link& link) {
  if (std::exchange(over_, true)) return;
  if (pump_) return pump_->stop(link);
  end_open(Ending::CutByUs, "the program stopped", link);
  link.close();
}

void HttpForwarder::flush_upstream(Link& link) {
  if (!pieces_.empty()) link.send_upstream(upstream_.number, pieces_);
  pieces_.clear();
}

void HttpForwarder::flush_client(Link& link) {
  if (!pieces_.empty()) link.send_client(pieces_);
  pieces_.clear();
}

/// From here on the connection speaks something else, which is pumped and taped as raw turns.
void HttpForwarder::hand_over(Link& link) {
  link.tape().speaks("raw");
  pump_.emplace(std::make_unique<RawDecoder>(), std::max(begun_, cut_head_), upstream_.number);
  if (client_fin_) pump_->client_bytes({}, true, link);  // it will not be shown again
  update_wait(link);
}

void HttpForwarder::tape_edits(ExchangeNo exchange, Side from, std::uint64_t base,
                               Link& link) const {
  for (const HeadChange& change : changes_) {
    link.tape().edit(exchange, from,
                     Edit{base + change.offset, change.old_size, Bytes(change.with)});
  }
}

/// Answers `exchange` ourselves and ends the session.
void HttpForwarder::answer(ExchangeNo exchange, std::uint16_t status, const std::string& why,
                           Link& link) {
  answer_with({exchange, status, fmt::format("{}: {}", status, why), refusal_reply(status, why)},
              link);
}

OwnReply HttpForwarder::refusal_reply(std::uint16_t status, const std::string& why) const {
  const std::string to = rule_.proxy ? "" : " to " + to_string(rule_.upstream);
  return own_reply(status, fmt::format("understudy, rule {}{}: {}\n", rule_.name, to, why));
}

void HttpForwarder::answer_with(OwnAnswer answer, Link& link) {
  const ExchangeNo exchange = answer.exchange;
  Tape& tape = link.tape();
  const bool with_body = !decoder_.asks_head_alone(exchange);
  own_reply_ = answer.reply.head;
  if (with_body) own_reply_ += answer.reply.body;
  tape.answered_by_us(exchange);
  tape.facts(exchange, Facts{{}, {}, answer.status});
  tape.head(exchange, Side::Server, answer.reply.head);
  if (with_body) tape.body(exchange, Side::Server, answer.reply.body);
  tape.message_end(exchange, Side::Server);
  const ByteView whole = own_reply_;
  link.send_client({&whole, 1});
  tape.end(exchange, answer.status < 400 ? Ending::Complete : Ending::CutByUs, answer.note);
  ended_ = exchange;
  over_ = true;
  end_open(Ending::CutByUs, "the connection ended before its reply", link);
  link.close();
}

void HttpForwarder::end(ExchangeNo exchange, Link& link) {
  ended_ = exchange;
  link.tape().end(exchange, Ending::Complete, {});
}

void HttpForwarder::end_open(Ending ending, ByteView note, Link& link) {
  while (ended_ < begun_)
    link.tape().end(++ended_, ending, note);
}

void HttpForwarder::finish(Link& link) {
  over_ = true;
  link.close();
}

void HttpForwarder::update_wait(Link& link) {
  Wait wait = Wait::None;
  if (!over_ && !pump_) {
    // While the client still sends the only open request, the upstream owes nothing.
    const bool owes_reply =
        any_open() && upstream_.open &&
        !(decoder_.mid_body(Side::Client) && decoder_.outstanding() <= 1 && !reply_begun());
    if (owes_reply) {
      wait = Wait::Reply;
    } else if (!any_open() && decoder_.mid_head(Side::Client)) {
      wait = Wait::Head;
    }
  }
  if (wait != wait_) link.expect(wait_ = wait);
}

}  // namespace understudy
