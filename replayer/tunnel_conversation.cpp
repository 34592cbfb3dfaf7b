#include "replayer/tunnel_conversation.h"

#include "protocols/core/first_bytes.h"
#include "replayer/exchange_conversation.h"

#include <algorithm>
#include <utility>

namespace understudy {

TunnelConversation::TunnelConversation(ProxyRepertoire& repertoire, const ConversationPlace& place,
                                       const Endpoint& destination)
    : repertoire_(repertoire), place_(place), destination_(destination), streams_(nullptr) {
  place_.secured = false;  // the tunnel itself; the proxy may have been reached by TLS
}

Silence TunnelConversation::silence() const {
  if (streams_ != nullptr) return Silence::Unlimited;
  return held_.empty() ? Silence::Idle : Silence::Head;
}

void TunnelConversation::on_open(Moment now, Outbox& out) {
  streams_ = repertoire_.streams(tunnel_key(place_.secured, destination_));
  if (streams_ != nullptr && only_servers_begin()) return go_bytes(out);
  wait(now, out);
}

/// Nobody who came here before had the first word.
bool TunnelConversation::only_servers_begin() const {
  const ExchangeIndex& requests = repertoire_.exchanges().index();
  const auto asked = [&](bool secured) {
    return requests.knows_place(repertoire_.place_of_requests(secured, destination_));
  };
  if (asked(place_.secured)) return false;
  const bool tls = !place_.secured &&
                   (asked(true) || repertoire_.streams(tunnel_key(true, destination_)) != nullptr);
  return !tls &&
         std::ranges::all_of(streams_->pool().scripts(), &StreamScript::server_speaks_first);
}

/// For the client's next bytes, a little while only where bytes of any sort may follow.
void TunnelConversation::wait(Moment now, Outbox& out) const {
  if (streams_ == nullptr) return;
  const bool server_may_begin =
      std::ranges::any_of(streams_->pool().scripts(), &StreamScript::server_speaks_first);
  if (server_may_begin || !held_.empty()) out.wake = now.steady + kFirstBytesPatience;
}

void TunnelConversation::on_bytes(ByteView bytes, Moment now, Outbox& out) {
  held_ += bytes;
  if (!place_.secured && begins_tls(held_)) {
    out.handover = std::make_unique<Handover>();
    out.handover->names.push_back(destination_.host);
    out.handover->unread = std::exchange(held_, {});
    return;
  }
  switch (repertoire_.exchanges().service().protocol->guess(held_)) {
    case Guess::Sure:
    case Guess::Maybe: return go_requests(out);
    case Guess::No: return go_bytes(out);
    case Guess::NeedMore: return wait(now, out);
  }
}

void TunnelConversation::on_secured(Moment now, Outbox& out) {
  place_.secured = true;
  on_open(now, out);
}

void TunnelConversation::on_time(Moment, Outbox& out) {
  go_bytes(out);
}

void TunnelConversation::on_eof(Moment, Outbox& out) {
  if (!held_.empty() || streams_ != nullptr) return go_bytes(out);
  out.end = Outbox::End::Close;
}

void TunnelConversation::go_requests(Outbox& out) {
  place_.destination = repertoire_.place_of_requests(place_.secured, destination_);
  go_on(std::make_unique<ExchangeConversation>(repertoire_.exchanges(), place_), out);
}

void TunnelConversation::go_bytes(Outbox& out) {
  place_.destination = repertoire_.place_of_bytes(place_.secured, destination_);
  StreamRepertoire& sessions = streams_ != nullptr ? *streams_ : repertoire_.strangers();
  go_on(sessions.converse(place_), out);
}

void TunnelConversation::go_on(std::unique_ptr<Conversation> next, Outbox& out) {
  out.handover = std::make_unique<Handover>();
  out.handover->next = std::move(next);
  out.handover->unread = std::exchange(held_, {});
}

}  // namespace understudy
