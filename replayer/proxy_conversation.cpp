#include "replayer/proxy_conversation.h"

#include "protocols/core/first_bytes.h"
#include "replayer/exchange_conversation.h"
#include "replayer/tunnel_conversation.h"

#include <utility>

namespace understudy {

namespace {

/// The proxy's front before the requests of one connection.
class ProxyGate final : public RequestGate {
 public:
  ProxyGate(ProxyRepertoire& repertoire, const ConversationPlace& place,
            std::unique_ptr<ProxyFront> front)
      : repertoire_(repertoire), place_(place), front_(std::move(front)) {}

  ProxyStep judge(ByteView request) override { return front_->judge(request); }
  std::unique_ptr<Conversation> tunnel(const Endpoint& destination) override {
    return std::make_unique<TunnelConversation>(repertoire_, place_, destination);
  }

 private:
  ProxyRepertoire& repertoire_;
  const ConversationPlace place_;
  const std::unique_ptr<ProxyFront> front_;
};

}  // namespace

ProxyConversation::ProxyConversation(ProxyRepertoire& repertoire, const ConversationPlace& place)
    : repertoire_(repertoire), place_(place), front_(repertoire.front(place.is_public)) {}

void ProxyConversation::on_bytes(ByteView bytes, Moment now, Outbox& out) {
  held_ += bytes;
  if (shaking_hands_) return shake_hands(now, out);
  if (!place_.secured && begins_tls(held_)) {
    out.handover = std::make_unique<Handover>();
    out.handover->unread = std::exchange(held_, {});
    return;
  }
  shaking_hands_ = front_->begins_handshake(held_);
  if (shaking_hands_) return shake_hands(now, out);
  auto gate = std::make_unique<ProxyGate>(repertoire_, place_, std::move(front_));
  hand_over(
      std::make_unique<ExchangeConversation>(repertoire_.exchanges(), place_, std::move(gate)),
      out);
}

void ProxyConversation::on_eof(Moment, Outbox& out) {
  over_ = true;
  out.end = Outbox::End::Close;
}

void ProxyConversation::shake_hands(Moment now, Outbox& out) {
  for (;;) {
    const ProxyStep step = front_->handshake(held_);
    held_.erase(0, step.size);
    reply_ += step.reply;
    if (!step.label.empty())
      place_.journal.control({0, now.wall, &repertoire_.identity(), step.label});
    if (step.kind == ProxyStep::Kind::Tunnel) {
      hand_over(std::make_unique<TunnelConversation>(repertoire_, place_, step.destination), out);
      break;
    }
    over_ = step.kind == ProxyStep::Kind::Reply && step.close;
    if (over_) out.end = Outbox::End::Close;
    if (over_ || step.kind == ProxyStep::Kind::NeedMore) break;
  }
  if (reply_.empty()) return;
  out.pieces.push_back(reply_);
  out.more = true;
}

void ProxyConversation::hand_over(std::unique_ptr<Conversation> next, Outbox& out) {
  over_ = true;
  out.handover = std::make_unique<Handover>();
  out.handover->next = std::move(next);
  out.handover->unread = std::exchange(held_, {});
}

}  // namespace understudy
