#include "protocols/transport/stream.h"

#include "protocols/transport/original_destination.h"
#include "protocols/transport/tls_layer.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <cerrno>
#include <utility>

namespace understudy {

namespace {

ErrorCode last_error() {
  return {errno, boost::system::system_category()};
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

char* end_of(const iovec& part) {
  return static_cast<char*>(part.iov_base) + part.iov_len;
}

/// Pieces up to this size together are copied into one: cheaper than the kernel's reading of a
/// sendmsg()'s structures. A request head whose Host was rewritten is three such.
constexpr std::size_t kGatherBytes = 1024;

ssize_t send_parts(int fd, std::span<iovec> parts, std::size_t size) {
  if (parts.size() == 1) return ::send(fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
  if (size <= kGatherBytes) {
    char gathered[kGatherBytes];
    char* end = gathered;
    for (const iovec& part : parts)
      end = std::copy_n(static_cast<const char*>(part.iov_base), part.iov_len, end);
    return ::send(fd, gathered, size, MSG_NOSIGNAL);
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

Task<std::tuple<ErrorCode>> wait_for(Watch& watch, Watch::For what) {
  auto token = asio::as_tuple(use_task);
  return asio::async_initiate<decltype(token), void(ErrorCode)>(
      [what](auto handler, Watch* on) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        // Only parallel groups (one wait or the other) cancel; they do it before the watch goes.
        if (slot.is_connected()) {
          slot.assign([on, what](asio::cancellation_type) { on->cancel(what); });
        }
        on->wait(what, std::move(handler));
      },
      token, &watch);
}

/// `watch` owns what waits: both it and `tls` live as long as the stream.
void finish_over(Watch& watch, TlsLayer* tls) {
  const bool wait =
      tls != nullptr && !tls->finish_sending() && !watch.is_waited_for(Watch::For::Write);
  if (!wait) {
    ::shutdown(watch.fd(), SHUT_WR);
    return;
  }
  watch.wait(Watch::For::Write, [&watch, tls](ErrorCode closed) {
    if (!closed) finish_over(watch, tls);
  });
}

/// The address at one end; port 0 where there is none (any more).
Tcp::endpoint name_of(int fd, int (*get)(int, sockaddr*, socklen_t*)) {
  Tcp::endpoint endpoint;
  socklen_t size = static_cast<socklen_t>(endpoint.capacity());
  if (get(fd, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return endpoint;
}

/// IPv4-mapped IPv6 addresses as the IPv4 address that they are.
asio::ip::address plain(const asio::ip::address& address) {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (!mapped) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

Stream::Stream(Executor executor, Descriptor socket)
    : watch_(std::make_unique<Watch>(executor, std::move(socket))) {
  const int on = 1;
  ::setsockopt(watch_->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

TlsLayer& Stream::start_tls(SslHandle ssl, Bytes already_read) {
  tls_ =
      std::make_unique<TlsLayer>(std::move(ssl), *watch_, std::move(tls_), std::move(already_read));
  return *tls_;
}

void Stream::drop_tls() {
  tls_ = tls_->take_outer();
}

IoResult Stream::try_peek(std::span<char> buffer) {
  const ssize_t n = ::recv(watch_->fd(), buffer.data(), buffer.size(), MSG_PEEK);
  if (n > 0) return {IoResult::Status::Done, static_cast<std::size_t>(n), {}};
  if (n == 0) return {IoResult::Status::Finished, 0, {}};
  if (!would_block() && errno != EINTR) return {IoResult::Status::Broken, 0, last_error()};
  if (would_block()) watch_->exhausted(Watch::For::Read);
  return {};
}

IoResult Stream::try_read(std::span<char> buffer) {
  if (tls_) return tls_->read(buffer);
  for (;;) {
    const ssize_t n = ::recv(watch_->fd(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      const auto size = static_cast<std::size_t>(n);
      if (size < buffer.size()) watch_->read_short();
      return {IoResult::Status::Done, size, {}};
    }
    if (n == 0) return {IoResult::Status::Finished, 0, {}};
    if (errno == EINTR) continue;
    if (!would_block()) return {IoResult::Status::Broken, 0, last_error()};
    watch_->exhausted(Watch::For::Read);
    return {};
  }
}

IoResult Stream::try_write(std::span<const ByteView> pieces) {
  if (tls_) return tls_->write(pieces);
  std::array<iovec, kMaxPieces> parts;
  std::size_t count = 0, size = 0;
  for (const ByteView piece : pieces.first(std::min(pieces.size(), kMaxPieces))) {
    if (piece.empty()) continue;
    // sendmsg() does not write through the pointer; its iovec is shared with recvmsg().
    char* const begin = const_cast<char*>(piece.data());
    size += piece.size();
    if (count > 0 && end_of(parts[count - 1]) == begin) {  // a head and its body, unchanged
      parts[count - 1].iov_len += piece.size();
    } else {
      parts[count++] = {begin, piece.size()};
    }
  }
  for (;;) {
    const ssize_t n = send_parts(watch_->fd(), {parts.data(), count}, size);
    if (n >= 0) {
      const auto sent = static_cast<std::size_t>(n);
      if (sent < size) watch_->exhausted(Watch::For::Write);
      return {IoResult::Status::Done, sent, {}};
    }
    if (errno == EINTR) continue;
    if (!would_block()) return {IoResult::Status::Broken, 0, last_error()};
    watch_->exhausted(Watch::For::Write);
    return {};
  }
}

Task<std::tuple<ErrorCode>> Stream::readable() {
  const bool for_room = tls_ && tls_->read_waits_for_room();
  return wait_for(*watch_, for_room ? Watch::For::Write : Watch::For::Read);
}

Task<std::tuple<ErrorCode>> Stream::writable() {
  return wait_for(*watch_, Watch::For::Write);
}

void Stream::finish_sending() {
  finish_over(*watch_, tls_.get());
}

void Stream::close() {
  watch_->close();
}

void Stream::reset() {
  const linger now{1, 0};
  ::setsockopt(watch_->fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  watch_->close();
}

ErrorCode Stream::connect_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(watch_->fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
  return {error, boost::system::system_category()};
}

Socket Stream::release_socket() {
  Socket socket(executor());
  const Tcp protocol = name_of(watch_->fd(), ::getsockname).protocol();
  Descriptor descriptor = watch_->release();
  ErrorCode error;
  if (descriptor) socket.assign(protocol, descriptor.get(), error);
  if (!error) static_cast<void>(descriptor.release());
  return socket;
}

std::string Stream::peer_address() const {
  const Tcp::endpoint endpoint = name_of(watch_->fd(), ::getpeername);
  return endpoint.port() == 0 ? std::string() : address_text(endpoint);
}

std::string Stream::local_address() const {
  const Tcp::endpoint endpoint = name_of(watch_->fd(), ::getsockname);
  return endpoint.port() == 0 ? std::string() : address_text(endpoint);
}

std::string Stream::local_host() const {
  const Tcp::endpoint endpoint = name_of(watch_->fd(), ::getsockname);
  return endpoint.port() == 0 ? std::string() : plain(endpoint.address()).to_string();
}

std::optional<Endpoint> Stream::original_destination() const {
  const Tcp::endpoint local = name_of(watch_->fd(), ::getsockname);
  if (local.port() == 0) return std::nullopt;
  const std::optional<Tcp::endpoint> original = redirected_from(watch_->fd(), local);
  if (!original) return std::nullopt;
  const Endpoint here{plain(local.address()).to_string(), local.port()};
  Endpoint there{plain(original->address()).to_string(), original->port()};
  if (there == here) return std::nullopt;
  return there;
}

std::uint16_t Stream::peer_port_here() const {
  const Tcp::endpoint peer = name_of(watch_->fd(), ::getpeername);
  const Tcp::endpoint local = name_of(watch_->fd(), ::getsockname);
  return local.address() == peer.address() ? peer.port() : std::uint16_t{0};
}

std::string address_text(const Tcp::endpoint& endpoint) {
  const asio::ip::address address = plain(endpoint.address());
  const std::string port = ":" + std::to_string(endpoint.port());
  return (address.is_v4() ? address.to_string() : "[" + address.to_string() + "]") + port;
}

}  // namespace understudy
