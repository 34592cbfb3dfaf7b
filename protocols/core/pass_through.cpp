#include "protocols/core/pass_through.h"

#include "protocols/core/place.h"

#include <fmt/format.h>

#include <span>
#include <utility>

namespace understudy {

StreamPump::StreamPump(std::unique_ptr<Decoder> decoder, ExchangeNo before, UpstreamNo upstream)
    : labeler_(std::move(decoder), before, upstream), upstream_(upstream) {}

void StreamPump::client_bytes(ByteView bytes, bool fin, Link& link) {
  if (client_finished_) return;
  if (!bytes.empty()) link.send_upstream(upstream_, std::span(&bytes, 1));
  labeler_.take(Side::Client, bytes, fin, link.tape());
  if (!fin) return;
  client_finished_ = true;
  if (!upstream_finished_) link.finish_upstream(upstream_);
  close_when_finished(link);
}

void StreamPump::upstream_bytes(ByteView bytes, bool fin, Link& link) {
  if (upstream_finished_) return;
  if (!bytes.empty()) link.send_client(std::span(&bytes, 1));
  labeler_.take(Side::Server, bytes, fin, link.tape());
  if (!fin) return;
  upstream_finished_ = true;
  if (!client_finished_) link.finish_client();
  close_when_finished(link);
}

void StreamPump::close_when_finished(Link& link) {
  if (!client_finished_ || !upstream_finished_) return;
  labeler_.end_all(Ending::Complete, {}, link.tape());
  link.close();
}

void StreamPump::lost(Side side, const Error& error, Link& link) {
  const Ending ending = side == Side::Client ? Ending::CutByClient : Ending::CutByUpstream;
  labeler_.end_all(ending, describe(error), link.tape());
  link.abort();
}

void StreamPump::stop(Link& link) {
  labeler_.end_all(Ending::CutByUs, "the program stopped", link.tape());
  link.close();
}

PassThroughForwarder::PassThroughForwarder(const ForwardRule& rule,
                                           std::unique_ptr<Decoder> decoder, Before before)
    : rule_(rule), decoder_(std::move(decoder)), before_(std::move(before)) {}

void PassThroughForwarder::client_secured(const ClientTlsFacts& facts, Link&) {
  server_name_ = facts.server_name;
}

void PassThroughForwarder::start(Link& link) {
  if (before_.upstream != 0) {
    link.leads_to(before_.upstream, before_.route.place);
    if (before_.route.tls) return link.secure_upstream(before_.upstream, before_.route);
    return upstream_opened(before_.upstream, link);
  }
  Route route(rule_.upstream);
  route.tls = rule_.upstream_tls;
  if (rule_.transparent) {
    route.server_name = server_name_;
    route.place = place_of(rule_.upstream_tls ? "tls" : "tcp", rule_.upstream);
  }
  link.open(route);
}

Taken PassThroughForwarder::client_bytes(ByteView unread, bool fin, Link& link) {
  if (over_) return {unread.size(), false};
  if (!pump_) return {0, true};
  pump_->client_bytes(unread, fin, link);
  return {unread.size(), false};
}

Taken PassThroughForwarder::upstream_bytes(UpstreamNo, ByteView unread, bool fin, Link& link) {
  if (!over_ && pump_) pump_->upstream_bytes(unread, fin, link);
  return {unread.size(), false};
}

void PassThroughForwarder::upstream_opened(UpstreamNo upstream, Link&) {
  if (!over_ && !pump_) pump_.emplace(std::move(decoder_), before_.exchanges, upstream);
}

void PassThroughForwarder::upstream_failed(UpstreamNo upstream, const Error& error, NoUpstream why,
                                           Link& link) {
  if (std::exchange(over_, true)) return;
  // There is no reply to give in a protocol that we do not speak; the attempt is kept all the same.
  Tape& tape = link.tape();
  const ExchangeNo exchange = before_.exchanges + 1;
  tape.begin(exchange, Side::Client, upstream);
  tape.answered_by_us(exchange);
  tape.end(exchange, Ending::CutByUs,
           fmt::format("{}: {}",
                       why == NoUpstream::TimedOut ? "the upstream did not answer" : "no upstream",
                       describe(error)));
  link.close();
}

void PassThroughForwarder::client_lost(const Error& error, Link& link) {
  if (std::exchange(over_, true)) return;
  if (pump_) {
    pump_->lost(Side::Client, error, link);
  } else {
    link.abort();
  }
}

void PassThroughForwarder::upstream_lost(UpstreamNo, const Error& error, Link& link) {
  if (std::exchange(over_, true)) return;
  if (pump_) {
    pump_->lost(Side::Server, error, link);
  } else {
    link.abort();
  }
}

// A raw stream may be silent for as long as it likes: it never asks to be timed.
void PassThroughForwarder::timed_out(Wait, Link&) {}

void PassThroughForwarder::stop(Link& link) {
  if (std::exchange(over_, true)) return;
  if (pump_) {
    pump_->stop(link);
  } else {
    link.close();
  }
}

}  // namespace understudy
