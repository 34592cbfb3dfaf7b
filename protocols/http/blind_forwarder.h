// A tunnel that nobody looks into: bytes go both ways, and only their number is kept, in one
// exchange of protocol "opaque". One thread at a time, as forwarder.h says.
#pragma once

#include "protocols/core/forwarder.h"

#include <array>
#include <cstdint>
#include <string>

namespace understudy {

class BlindForwarder final : public Forwarder {
 public:
  /// `upstream` is open. `exchange`: the number of the exchange that stands for the tunnel.
  /// `target`: "host:port", what lists show.
  BlindForwarder(UpstreamNo upstream, ExchangeNo exchange, std::string target);

  void start(Link& link) override;
  Taken client_bytes(ByteView unread, bool fin, Link& link) override;
  Taken upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin, Link& link) override;
  void upstream_opened(UpstreamNo upstream, Link& link) override;
  void upstream_failed(UpstreamNo upstream, const Error& error, NoUpstream why,
                       Link& link) override;
  void client_lost(const Error& error, Link& link) override;
  void upstream_lost(UpstreamNo upstream, const Error& error, Link& link) override;
  void timed_out(Wait wait, Link& link) override;
  void stop(Link& link) override;

 private:
  Taken take(Side from, ByteView unread, bool fin, Link& link);
  void end(Ending ending, std::string_view why, Link& link);

  const UpstreamNo upstream_;
  const ExchangeNo exchange_;
  const std::string target_;
  std::array<std::uint64_t, 2> passed_{};
  std::array<bool, 2> finished_{};
  bool over_ = false;
};

}  // namespace understudy
