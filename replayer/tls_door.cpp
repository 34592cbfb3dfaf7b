#include "replayer/tls_door.h"

#include "protocols/transport/tls_handshake.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace understudy {

namespace {

/// Failures that get a line of their own in the log; a client that tries for ever must not fill a
/// disk.
constexpr std::uint64_t kMaxLogged = 100;

/// The address of our end, without the port.
std::string local_host(const Stream& stream) {
  std::string address = stream.local_address();
  address.resize(std::min(address.rfind(':'), address.size()));
  return address;
}

}  // namespace

Task<bool> TlsDoor::enter(Stream& stream, std::vector<std::string> names, Bytes unread,
                          std::uint64_t session) {
  if (!context_) {
    note_failure("the client speaks TLS, and there is no certificate authority", session);
    co_return false;
  }
  names.push_back(local_host(stream));
  SslHandle ssl = context_->connection(std::move(names));
  const HandshakeOutcome outcome =
      co_await tls_handshake(stream, std::move(ssl), patience_, std::move(unread));
  if (outcome.why.empty()) co_return true;
  if (stream.is_open() || outcome.timed_out) note_failure(outcome.why, session);
  co_return false;
}

void TlsDoor::note_failure(const std::string& why, std::uint64_t session) {
  const std::uint64_t before = failures_.fetch_add(1);
  if (before < kMaxLogged) {
    spdlog::warn("replay session={} service={} no TLS with the client: {}", session, service_, why);
  }
  if (before == kMaxLogged) {
    spdlog::warn("replay service={} further failed handshakes are counted, not logged", service_);
  }
}

}  // namespace understudy
