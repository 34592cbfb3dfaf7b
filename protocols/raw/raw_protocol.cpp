#include "protocols/raw/raw_protocol.h"

#include "protocols/content/hex.h"
#include "protocols/content/redactor.h"
#include "protocols/core/pass_through.h"
#include "protocols/core/raw_decoder.h"

#include <array>

namespace understudy {
namespace {

constexpr std::array<Scheme, 2> kSchemes{{{"tcp", false, 0}, {"tls", true, 0}}};

class RawProtocol final : public Protocol {
 public:
  [[nodiscard]] std::string_view name() const override { return "raw"; }
  [[nodiscard]] int version() const override { return 1; }
  [[nodiscard]] std::span<const Scheme> schemes() const override { return kSchemes; }
  [[nodiscard]] Guess guess(ByteView) const override { return Guess::Maybe; }

  [[nodiscard]] std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<RawDecoder>();
  }
  [[nodiscard]] std::unique_ptr<Forwarder> forwarder(const ForwardRule& rule) const override {
    return std::make_unique<PassThroughForwarder>(rule, decoder());
  }

  [[nodiscard]] OwnedFacts facts(ByteView, ByteView) const override { return {}; }
  [[nodiscard]] std::vector<Field> fields(Side, ByteView message) const override {
    if (message.empty()) return {};
    const ByteView shown = message.substr(0, kMaxFieldBytes);
    return {Field{"bytes", to_hex(shown), ByteRange{0, shown.size()}}};
  }
  [[nodiscard]] std::optional<MessageDetail> detail(Side, ByteView) const override { return {}; }

  std::string redact(Side, Bytes& message, const Redactor& redactor) const override {
    redactor.patterns(message);
    return {};
  }
  /// Raw turns have no head; what is handed over as one is bytes like all others.
  void redact_head(Side, Bytes& head, const Redactor& redactor) const override {
    redactor.patterns(head);
  }

  [[nodiscard]] const ExchangeReplay* exchange_replay() const override { return nullptr; }
};

}  // namespace

const Protocol& raw_protocol() {
  static const RawProtocol protocol;
  return protocol;
}

}  // namespace understudy
