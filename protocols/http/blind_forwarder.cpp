#include "protocols/http/blind_forwarder.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {

BlindForwarder::BlindForwarder(UpstreamNo upstream, ExchangeNo exchange, std::string target)
    : upstream_(upstream), exchange_(exchange), target_(std::move(target)) {}

void BlindForwarder::start(Link& link) {
  Tape& tape = link.tape();
  tape.speaks("opaque");
  tape.begin(exchange_, Side::Client, upstream_);
  tape.facts(exchange_, Facts{{}, target_, 0});
}

Taken BlindForwarder::client_bytes(ByteView unread, bool fin, Link& link) {
  return take(Side::Client, unread, fin, link);
}

Taken BlindForwarder::upstream_bytes(UpstreamNo, ByteView unread, bool fin, Link& link) {
  return take(Side::Server, unread, fin, link);
}

Taken BlindForwarder::take(Side from, ByteView unread, bool fin, Link& link) {
  const auto index = static_cast<std::size_t>(from);
  if (over_ || finished_[index]) return {unread.size(), false};
  passed_[index] += unread.size();
  link.tape().passed(from, unread.size());
  const bool client = from == Side::Client;
  if (!unread.empty()) {
    if (client) {
      link.send_upstream(upstream_, {&unread, 1});
    } else {
      link.send_client({&unread, 1});
    }
  }
  if (!fin) return {unread.size(), false};
  finished_[index] = true;
  if (finished_[1 - index]) {
    end(Ending::Complete, "", link);
    link.close();
  } else if (client) {
    link.finish_upstream(upstream_);
  } else {
    link.finish_client();
  }
  return {unread.size(), false};
}

void BlindForwarder::end(Ending ending, std::string_view why, Link& link) {
  over_ = true;
  link.tape().end(
      exchange_, ending,
      fmt::format("passed on unread: {} bytes from the client, {} from the upstream{}{}",
                  passed_[0], passed_[1], why.empty() ? "" : "; ", why));
}

void BlindForwarder::upstream_opened(UpstreamNo, Link&) {}
void BlindForwarder::upstream_failed(UpstreamNo, const Error&, NoUpstream, Link&) {}
void BlindForwarder::timed_out(Wait, Link&) {}

void BlindForwarder::client_lost(const Error& error, Link& link) {
  if (over_) return;
  end(Ending::CutByClient, describe(error), link);
  link.abort();
}

void BlindForwarder::upstream_lost(UpstreamNo, const Error& error, Link& link) {
  if (over_) return;
  end(Ending::CutByUpstream, describe(error), link);
  link.abort();
}

void BlindForwarder::stop(Link& link) {
  if (over_) return;
  end(Ending::CutByUs, "the program stopped", link);
  link.close();
}

}  // namespace understudy
