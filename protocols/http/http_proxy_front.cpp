#include "protocols/http/http_proxy_front.h"

#include "protocols/http/http_own_replies.h"
#include "protocols/http/proxy_policy.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {
namespace {

constexpr ByteView kGranted = "HTTP/1.1 200 Connection established\r\n\r\n";

ProxyStep own_answer(const OwnReply& reply, bool head_alone) {
  ProxyStep step;
  step.kind = ProxyStep::Kind::Reply;
  step.reply = reply.head;
  if (!head_alone) step.reply += reply.body;
  step.close = true;
  return step;
}

}  // namespace

HttpProxyFront::HttpProxyFront(const ForwardRule& rule, const ProxyHouse& house)
    : rule_(rule),
      house_(house),
      routing_(proxy_routing(rule, house.is_public)),
      socks_(*rule.proxy) {}

bool HttpProxyFront::begins_handshake(ByteView first) const {
  return first.front() == kSocks5Version;
}

ProxyStep HttpProxyFront::handshake(ByteView unread) {
  Socks5Step asked = socks_.step(unread);
  ProxyStep step;
  switch (asked.kind) {
    case Socks5Step::Kind::NeedMore: return step;
    case Socks5Step::Kind::Request: return socks_request(std::move(asked));
    case Socks5Step::Kind::Reply: break;
    case Socks5Step::Kind::Failed:
      step.close = true;
      step.label = "SOCKS5 refused: " + asked.why;
      break;
  }
  step.kind = ProxyStep::Kind::Reply;
  step.size = asked.size;
  step.reply = std::move(asked.reply);
  return step;
}

ProxyStep HttpProxyFront::socks_request(Socks5Step asked) const {
  const ProxySettings& settings = *rule_.proxy;
  ProxyStep step;
  step.size = asked.size;
  step.label = "SOCKS5 " + to_string(asked.target);
  const bool allowed =
      !settings.refuse_connect && may_connect(settings, house_.is_public, asked.target.port);
  step.kind = allowed ? ProxyStep::Kind::Tunnel : ProxyStep::Kind::Reply;
  step.reply = socks5_reply(allowed ? Socks5Code::Granted : Socks5Code::NotAllowed);
  step.close = !allowed;
  step.destination = std::move(asked.target);
  return step;
}

ProxyStep HttpProxyFront::judge(ByteView request) {
  HeadReader reader(Side::Client);
  if (reader.read(request) != HeadReader::Result::Complete) {
    return refuse(400, "the request cannot be read", false);
  }
  const HttpHead& info = reader.head();
  const bool head_alone = info.method_kind == HttpMethod::Head;
  HttpVerdict verdict = routing_->judge(request.substr(0, info.size), info);
  ProxyStep step;
  switch (verdict.kind) {
    case HttpVerdict::Kind::Forward:
      step.kind = ProxyStep::Kind::LookUp;
      step.place = std::move(verdict.route.place);
      return step;
    case HttpVerdict::Kind::Tunnel:
      step.kind = ProxyStep::Kind::Tunnel;
      step.reply = kGranted;
      step.destination = std::move(verdict.route.destination);
      return step;
    case HttpVerdict::Kind::Certificate:
      return own_answer(certificate_reply(house_.authority_pem), head_alone);
    case HttpVerdict::Kind::Refuse: break;
  }
  return refuse(verdict.status, verdict.why, head_alone);
}

ProxyStep HttpProxyFront::refuse(std::uint16_t status, const std::string& why,
                                 bool head_alone) const {
  return own_answer(own_reply(status, fmt::format("understudy, rule {}: {}\n", rule_.name, why)),
                    head_alone);
}

}  // namespace understudy
