#include "protocols/transport/tls_handshake.h"

#include "protocols/transport/deadline.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {

namespace {

HandshakeOutcome failed(Stream& stream, TlsLayer& tls) {
  HandshakeOutcome outcome;
  outcome.why = tls.failure();
  outcome.refused_our_certificate = tls.refused_our_certificate();
  outcome.not_tls = tls.not_tls();
  if (outcome.not_tls) {
    outcome.strays = tls.take_strays();
    stream.drop_tls();
  }
  return outcome;
}

}  // namespace

Task<HandshakeOutcome> tls_handshake(Stream& stream, SslHandle ssl,
                                     std::chrono::milliseconds timeout, Bytes already_read) {
  HandshakeOutcome outcome;
  if (!ssl) {
    outcome.why = "out of memory";
    co_return outcome;
  }
  TlsLayer& tls = stream.start_tls(std::move(ssl), std::move(already_read));
  const Deadline limit(stream.executor(), std::chrono::steady_clock::now() + timeout,
                       [&stream] { stream.close(); });
  for (;;) {
    const TlsLayer::Step step = tls.handshake();
    if (step == TlsLayer::Step::Done) co_return outcome;
    if (step == TlsLayer::Step::Failed) co_return failed(stream, tls);
    auto [closed] =
        step == TlsLayer::Step::WantsRead ? co_await stream.readable() : co_await stream.writable();
    outcome.timed_out = limit.expired();
    if (outcome.timed_out) {
      outcome.why = fmt::format("the handshake did not end within {} ms", timeout.count());
    } else if (closed) {
      outcome.why = "closed during the handshake";
    }
    if (!outcome.why.empty()) co_return outcome;
  }
}

}  // namespace understudy
