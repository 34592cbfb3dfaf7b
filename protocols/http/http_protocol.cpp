#include "protocols/http/http_protocol.h"

#include "protocols/http/http_decoder.h"
#include "protocols/http/http_fields.h"
#include "protocols/http/http_forwarder.h"
#include "protocols/http/http_redact.h"
#include "protocols/http/http_replay.h"
#include "protocols/http/http_routing.h"
#include "protocols/http/http_syntax.h"
#include "protocols/http/proxy_forwarder.h"

#include <array>

namespace understudy {
namespace {

constexpr std::array<std::string_view, 1> kAlpn{"http/1.1"};  // RFC 7301 §6

/// Speaking plain to a TLS port is the most common mistake there is.
constexpr ByteView kPlainRefusal =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 66\r\nConnection: close\r\n\r\n"
    "understudy: this port speaks HTTPS, and the request came in plain\n";

constexpr std::array<Scheme, 2> kSchemes{{{"http", false, 80, true}, {"https", true, 443, true}}};

/// Longest method that a guess waits for; the registered ones end at 17 (UPDATEREDIRECTREF).
constexpr std::size_t kMaxGuessedMethod = 20;

class HttpProtocol final : public Protocol {
 public:
  [[nodiscard]] std::string_view name() const override { return "http"; }
  [[nodiscard]] int version() const override { return 1; }
  [[nodiscard]] std::span<const Scheme> schemes() const override { return kSchemes; }

  /// METHOD SP ( "/" / "*" / letter ): sure once the request line shows its version.
  [[nodiscard]] Guess guess(ByteView first) const override {
    std::size_t method = 0;
    while (method < first.size() && first[method] >= 'A' && first[method] <= 'Z')
      ++method;
    if (method > kMaxGuessedMethod) return Guess::No;
    if (method == first.size()) return Guess::NeedMore;
    if (method < 3 || first[method] != ' ') return Guess::No;
    const std::size_t end = first.find('\n');
    if (end == ByteView::npos) return first.size() > kMaxHeadBytes ? Guess::No : Guess::NeedMore;
    return first.substr(0, end).find(" HTTP/1.") == ByteView::npos ? Guess::No : Guess::Sure;
  }

  [[nodiscard]] std::span<const std::string_view> alpn() const override { return kAlpn; }
  [[nodiscard]] ByteView plain_refusal() const override { return kPlainRefusal; }

  [[nodiscard]] std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<HttpDecoder>();
  }
  [[nodiscard]] std::unique_ptr<Forwarder> forwarder(const ForwardRule& rule) const override {
    if (rule.proxy) return std::make_unique<ProxyForwarder>(rule);
    auto routing = rule.transparent ? transparent_routing(rule) : reverse_routing(rule);
    return std::make_unique<HttpForwarder>(rule, std::move(routing), HttpForwarder::Before());
  }

  [[nodiscard]] OwnedFacts facts(ByteView request, ByteView reply) const override {
    return http_facts(request, reply);
  }
  [[nodiscard]] std::vector<Field> fields(Side from, ByteView message) const override {
    return http_fields(from, message);
  }
  [[nodiscard]] std::optional<MessageDetail> detail(Side from, ByteView message) const override {
    return http_detail(from, message);
  }

  std::string redact(Side from, Bytes& message, const Redactor& redactor) const override {
    return redact_http(from, message, redactor);
  }
  void redact_head(Side, Bytes& head, const Redactor& redactor) const override {
    redact_http_head(head, redactor);
  }

  [[nodiscard]] const ExchangeReplay* exchange_replay() const override { return &replay_; }

 private:
  HttpReplay replay_;
};

}  // namespace

const Protocol& http_protocol() {
  static const HttpProtocol protocol;
  return protocol;
}

}  // namespace understudy
