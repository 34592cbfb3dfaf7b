// Live forwarding of stream protocols: bytes go both ways as they come, and are labelled for the
// tape beside it. One thread at a time, as forwarder.h says.
//
//        client ──▶ StreamPump ──▶ upstream        FIN is passed on as half-close, a reset as a
//        reset
//               ◀──     │     ◀──
//                 StreamLabeler ──▶ Tape
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/core/stream_labeler.h"

#include <memory>
#include <optional>

namespace understudy {

/// The two-way pump between a client and one open upstream. HTTP uses it after an Upgrade.
class StreamPump {
 public:
  /// See StreamLabeler for `decoder` and `before`.
  StreamPump(std::unique_ptr<Decoder> decoder, ExchangeNo before, UpstreamNo upstream);

  /// Takes all bytes, always.
  void client_bytes(ByteView bytes, bool fin, Link& link);
  void upstream_bytes(ByteView bytes, bool fin, Link& link);
  /// The connection of `side` broke: the other one breaks likewise.
  void lost(Side side, const Error& error, Link& link);
  void stop(Link& link);

 private:
  void close_when_finished(Link& link);

  StreamLabeler labeler_;
  UpstreamNo upstream_;
  bool client_finished_ = false;
  bool upstream_finished_ = false;
};

/// The default Forwarder: connects as soon as the client does (the server may speak first), then
/// pumps. A client's bytes wait until the upstream is there.
class PassThroughForwarder final : public Forwarder {
 public:
  /// What a session had before its bytes came to be passed through (a tunnel).
  struct Before {
    ExchangeNo exchanges = 0;
    UpstreamNo upstream = 0;  ///< connected already; 0 = none
    Route route;              ///< where that leads; its TLS is still to be agreed on

    Before() = default;
  };

  /// `rule` outlives the forwarder. `decoder` labels; it decides nothing.
  PassThroughForwarder(const ForwardRule& rule, std::unique_ptr<Decoder> decoder, Before before);
  PassThroughForwarder(const ForwardRule& rule, std::unique_ptr<Decoder> decoder)
      : PassThroughForwarder(rule, std::move(decoder), Before()) {}

  void start(Link& link) override;
  void client_secured(const ClientTlsFacts& facts, Link& link) override;
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
  const ForwardRule& rule_;
  std::unique_ptr<Decoder> decoder_;  ///< until the pump takes it
  Before before_;
  std::string server_name_;  ///< what a TLS client asked for; empty = nothing
  bool over_ = false;        ///< the session is ending: what still comes is taken and dropped
  std::optional<StreamPump> pump_;
};

}  // namespace understudy
