#include "protocols/transport/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <array>
#include <boost/asio/as_tuple.hpp>
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

}  // namespace

Stream::Stream(Socket socket) : socket_(std::move(socket)) {
  ErrorCode ignored;  // a connection that is already gone says so at the first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(Tcp::no_delay(true), ignored);
}

IoResult Stream::try_read(std::span<char> buffer) {
  for (;;) {
    const ssize_t n = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
    if (n > 0) return {IoResult::Status::Done, static_cast<std::size_t>(n), {}};
    if (n == 0) return {IoResult::Status::Finished, 0, {}};
    if (errno == EINTR) continue;
    if (would_block()) return {};
    return {IoResult::Status::Broken, 0, last_error()};
  }
}

IoResult Stream::try_write(std::span<const ByteView> pieces) {
  std::array<iovec, kMaxPieces> parts;
  std::size_t count = 0;
  for (const ByteView piece : pieces.first(std::min(pieces.size(), kMaxPieces))) {
    if (piece.empty()) continue;
    // sendmsg() does not write through the pointer; its iovec is shared with recvmsg().
    parts[count++] = {const_cast<char*>(piece.data()), piece.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (n >= 0) return {IoResult::Status::Done, static_cast<std::size_t>(n), {}};
    if (errno == EINTR) continue;
    if (would_block()) return {};
    return {IoResult::Status::Broken, 0, last_error()};
  }
}

Task<std::tuple<ErrorCode>> Stream::readable() {
  return socket_.async_wait(Socket::wait_read, asio::as_tuple(use_task));
}

Task<std::tuple<ErrorCode>> Stream::writable() {
  return socket_.async_wait(Socket::wait_write, asio::as_tuple(use_task));
}

void Stream::finish_sending() {
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

void Stream::reset() {
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

std::string Stream::peer_address() const {
  ErrorCode error;
  const Tcp::endpoint endpoint = socket_.remote_endpoint(error);
  return error ? std::string() : address_text(endpoint);
}

std::string Stream::local_address() const {
  ErrorCode error;
  const Tcp::endpoint endpoint = socket_.local_endpoint(error);
  return error ? std::string() : address_text(endpoint);
}

std::uint16_t Stream::peer_port_here() const {
  ErrorCode error;
  const Tcp::endpoint peer = socket_.remote_endpoint(error);
  if (error) return 0;
  const Tcp::endpoint local = socket_.local_endpoint(error);
  return !error && local.address() == peer.address() ? peer.port() : std::uint16_t{0};
}

std::string address_text(const Tcp::endpoint& endpoint) {
  const asio::ip::address address = endpoint.address();
  const std::string port = ":" + std::to_string(endpoint.port());
  if (address.is_v4()) return address.to_string() + port;
  const asio::ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string() + port;
  }
  return "[" + v6.to_string() + "]" + port;
}

}  // namespace understudy
