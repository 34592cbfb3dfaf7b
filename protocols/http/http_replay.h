// Replay of HTTP by exchange: keys, answers, misses. Stateless, safe on all threads.
#pragma once

#include "protocols/core/replay.h"

#include <memory>
#include <string>

namespace understudy {

class HttpReplay final : public ExchangeReplay {
 public:
  bool key(ByteView request, ByteView place, MatchKey& out) const override;
  [[nodiscard]] std::string place(ByteView request, ByteView scheme) const override;
  std::unique_ptr<const PreparedReply> prepare(const RecordedExchange& exchange,
                                               const ForwardRule& rule,
                                               std::string& why) const override;
  void answer(const PreparedReply& reply, ByteView request, const LiveContext& context,
              LiveAnswer& out) const override;
  void miss(ByteView request, ByteView report_json, const LiveContext& context,
            LiveAnswer& out) const override;
  void refuse(std::uint16_t status, ByteView why, LiveAnswer& out) const override;
  ByteView interim(ByteView head) const override;
  [[nodiscard]] std::unique_ptr<ProxyFront> proxy_front(const ForwardRule& rule,
                                                        const ProxyHouse& house) const override;
};

}  // namespace understudy
