#include "protocols/transport/tls_handshake.h"

#include "protocols/transport/deadline.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace understudy {

Task<std::string> tls_handshake(Stream& stream, SslHandle ssl, std::chrono::milliseconds timeout) {
  auto layer = std::make_unique<TlsLayer>(std::move(ssl), stream.watch());
  TlsLayer& tls = *layer;
  stream.start_tls(std::move(layer));
  const Deadline limit(stream.executor(), std::chrono::steady_clock::now() + timeout,
                       [&stream] { stream.close(); });
  for (;;) {
    const TlsLayer::Step step = tls.handshake();
    if (step == TlsLayer::Step::Done) co_return std::string();
    if (step == TlsLayer::Step::Failed) co_return tls.failure();
    auto [closed] =
        step == TlsLayer::Step::WantsRead ? co_await stream.readable() : co_await stream.writable();
    if (limit.expired()) {
      co_return fmt::format("the handshake did not end within {} ms", timeout.count());
    }
    if (closed) co_return "closed during the handshake";
  }
}

}  // namespace understudy
