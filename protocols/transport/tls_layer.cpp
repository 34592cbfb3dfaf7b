#include "protocols/transport/tls_layer.h"

#include "protocols/transport/stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <utility>

namespace understudy {

namespace {

/// One record: larger writes are cut into such anyway (RFC 8446 §5.1).
constexpr std::size_t kRecordBytes = std::size_t{16} * 1024;

Watch& watch_of(BIO* bio) {
  return *static_cast<Watch*>(BIO_get_data(bio));
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int bio_read(BIO* bio, char* buffer, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  *got = 0;
  Watch& watch = watch_of(bio);
  if (!watch.ready(Watch::For::Read)) {
    BIO_set_retry_read(bio);
    return 0;
  }
  const ssize_t n = ::recv(watch.fd(), buffer, size, 0);
  if (n > 0) {
    *got = static_cast<std::size_t>(n);
    if (*got < size) watch.read_short();
    return 1;
  }
  if (n == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  } else if (would_block()) {
    if (errno != EINTR) watch.exhausted(Watch::For::Read);
    BIO_set_retry_read(bio);
  }
  return 0;
}

int bio_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* put) {
  BIO_clear_retry_flags(bio);
  *put = 0;
  Watch& watch = watch_of(bio);
  const ssize_t n = ::send(watch.fd(), bytes, size, MSG_NOSIGNAL);
  if (n >= 0) {
    *put = static_cast<std::size_t>(n);
    return 1;
  }
  if (would_block()) {
    watch.exhausted(Watch::For::Write);
    BIO_set_retry_write(bio);
  }
  return 0;
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

const BIO_METHOD* watch_bio() {
  static const auto method = [] {
    std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "watched socket"), BIO_meth_free);
    BIO_meth_set_read_ex(made.get(), bio_read);
    BIO_meth_set_write_ex(made.get(), bio_write);
    BIO_meth_set_ctrl(made.get(), bio_control);
    return made;
  }();
  return method.get();
}

/// "certificate has expired", "sslv3 alert handshake failure", …
std::string why_failed(const SSL* ssl, int error) {
  const long verdict = SSL_get_verify_result(ssl);
  const unsigned long code = ERR_peek_last_error();
  if (SSL_is_server(ssl) == 0 && verdict != X509_V_OK &&
      (code == 0 || ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)) {
    return X509_verify_cert_error_string(verdict);
  }
  if (code != 0) {
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(code);
  }
  if (error == SSL_ERROR_SYSCALL && errno != 0) {
    return ErrorCode(errno, boost::system::system_category()).message();
  }
  return "the peer closed the connection during the handshake";
}

}  // namespace

TlsLayer::TlsLayer(SslHandle ssl, Watch& watch) : ssl_(std::move(ssl)), watch_(watch) {
  BIO* bio = BIO_new(watch_bio());
  BIO_set_data(bio, &watch_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_read_ahead(ssl_.get(), 1);
  // A backlog is sent from wherever it lies by then; buffers go while a connection is idle.
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
  SSL_set_options(ssl_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
}

TlsLayer::~TlsLayer() {
  // OpenSSL forbids a session to be resumed whose connection ended without close_notify. Peers that
  // just close are common, and TLS 1.3 tickets do not hang on how a connection ends (RFC 8446
  // §6.1).
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TlsLayer::Step TlsLayer::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    if (SSL_has_pending(ssl_.get()) != 0) watch_.mark_ready(Watch::For::Read);
    return Step::Done;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return Step::WantsRead;
  if (error == SSL_ERROR_WANT_WRITE) return Step::WantsWrite;
  failure_ = why_failed(ssl_.get(), error);
  return Step::Failed;
}

IoResult TlsLayer::read(std::span<char> buffer) {
  if (end_) return *end_;
  read_waits_for_room_ = false;
  std::size_t total = 0;
  while (total < buffer.size()) {
    ERR_clear_error();
    errno = 0;
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &n);
    if (result == 1) {
      total += n;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) break;
    read_waits_for_room_ = error == SSL_ERROR_WANT_WRITE;
    if (read_waits_for_room_) break;
    end_ = std::make_unique<IoResult>(*end_of_read(error));
    break;
  }
  // What OpenSSL holds already, or knows, raises no edge.
  if (end_ || total == buffer.size()) watch_.mark_ready(Watch::For::Read);
  if (total > 0) return {IoResult::Status::Done, total, {}};
  return end_ ? *end_ : IoResult{};
}

std::optional<IoResult> TlsLayer::end_of_read(int error) {
  if (error == SSL_ERROR_ZERO_RETURN) return IoResult{IoResult::Status::Finished, 0, {}};
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) {
    const ErrorCode why(static_cast<int>(code), asio::error::get_ssl_category());
    return IoResult{IoResult::Status::Broken, 0, why};
  }
  const ErrorCode why(errno != 0 ? errno : ECONNRESET, boost::system::system_category());
  return IoResult{IoResult::Status::Broken, 0, why};
}

IoResult TlsLayer::write(std::span<const ByteView> pieces) {
  static thread_local std::array<char, kRecordBytes> record;
  std::size_t total = 0, piece = 0, offset = 0;
  for (;;) {
    // Small pieces make one record together: each record is 22 bytes and a pass over the cipher.
    std::size_t size = 0;
    while (piece < pieces.size() && size < record.size()) {
      const ByteView rest = pieces[piece].substr(offset);
      const std::size_t part = std::min(rest.size(), record.size() - size);
      std::copy_n(rest.data(), part, record.data() + size);
      size += part;
      offset += part;
      if (offset < pieces[piece].size()) break;
      ++piece;
      offset = 0;
    }
    if (size == 0) return {IoResult::Status::Done, total, {}};
    ERR_clear_error();
    errno = 0;
    std::size_t n = 0;
    const int result = SSL_write_ex(ssl_.get(), record.data(), size, &n);
    if (result == 1) {
      total += n;  // whole: a record is written or it is not
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) {
      return *end_of_read(error);
    }
    // The record is kept by OpenSSL and must be offered again: its bytes count as not sent.
    if (total == 0) return {};
    return {IoResult::Status::Done, total, {}};
  }
}

void TlsLayer::finish_sending() {
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_.get()));
}

}  // namespace understudy
