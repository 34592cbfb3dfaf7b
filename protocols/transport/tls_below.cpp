#include "protocols/transport/tls_below.h"

#include "protocols/transport/stream.h"
#include "protocols/transport/tls_layer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace understudy {

namespace {

using Status = IoResult::Status;

TlsBelow& below(BIO* bio) {
  return *static_cast<TlsBelow*>(BIO_get_data(bio));
}

IoResult failed_or_not_now(Watch& watch, Watch::For what) {
  if (errno == EINTR) return {};
  if (errno != EAGAIN && errno != EWOULDBLOCK) {
    return {Status::Broken, 0, ErrorCode(errno, boost::system::system_category())};
  }
  watch.exhausted(what);
  return {};
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

}  // namespace

struct BelowBio {
  static int read(BIO* bio, char* buffer, std::size_t size, std::size_t* got);
  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* put);

  static const BIO_METHOD* method() {
    static const auto made = [] {
      std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> fresh(
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "below TLS"), BIO_meth_free);
      BIO_meth_set_read_ex(fresh.get(), read);
      BIO_meth_set_write_ex(fresh.get(), write);
      BIO_meth_set_ctrl(fresh.get(), bio_control);
      return fresh;
    }();
    return made.get();
  }
};

int BelowBio::read(BIO* bio, char* buffer, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  TlsBelow& self = below(bio);
  const IoResult result = self.read({buffer, size});
  *got = result.size;
  switch (result.status) {
    case Status::Done: {
      const bool fine = std::exchange(self.begun_, true) || self.begins_tls(*buffer);
      if (!fine) self.keep_strays({buffer, result.size});
      return fine ? 1 : 0;
    }
    case Status::NotNow:
      // A read below may wait for room (an answer to a key update): OpenSSL passes that on.
      if (self.outer_ && self.outer_->read_waits_for_room()) {
        BIO_set_retry_write(bio);
      } else {
        BIO_set_retry_read(bio);
      }
      break;
    case Status::Finished: BIO_set_flags(bio, BIO_FLAGS_IN_EOF); break;
    case Status::Broken: self.error_ = result.error; break;
  }
  return 0;
}

int BelowBio::write(BIO* bio, const char* bytes, std::size_t size, std::size_t* put) {
  BIO_clear_retry_flags(bio);
  TlsBelow& self = below(bio);
  const IoResult result = self.write({bytes, size});
  *put = result.size;
  if (result.status == Status::Broken) self.error_ = result.error;
  if (result.status == Status::NotNow) BIO_set_retry_write(bio);
  return result.status == Status::Done ? 1 : 0;
}

TlsBelow::TlsBelow(Watch& watch, std::unique_ptr<TlsLayer> outer, Bytes already_read)
    : watch_(watch), outer_(std::move(outer)), ahead_(std::move(already_read)) {}

TlsBelow::~TlsBelow() = default;

std::unique_ptr<TlsLayer> TlsBelow::take_outer() {
  return std::move(outer_);
}

void TlsBelow::serve(SSL* ssl) {
  is_server_ = SSL_is_server(ssl) == 1;
  BIO* bio = BIO_new(BelowBio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
}

IoResult TlsBelow::read(std::span<char> buffer) {
  if (!ahead_.empty()) {
    const std::size_t size = ahead_.copy(buffer.data(), buffer.size(), taken_);
    taken_ += size;
    if (taken_ == ahead_.size()) drop_ahead();
    return {Status::Done, size, {}};
  }
  if (!outer_) return read_socket(buffer);
  IoResult result = outer_->read(buffer);
  ERR_clear_error();  // what the outer layer says of itself is in its result
  return result;
}

IoResult TlsBelow::read_socket(std::span<char> buffer) {
  if (!watch_.ready(Watch::For::Read)) return {};
  const ssize_t n = ::recv(watch_.fd(), buffer.data(), buffer.size(), 0);
  if (n < 0) return failed_or_not_now(watch_, Watch::For::Read);
  if (n == 0) return {Status::Finished, 0, {}};
  const auto size = static_cast<std::size_t>(n);
  if (size < buffer.size()) watch_.read_short();
  return {Status::Done, size, {}};
}

IoResult TlsBelow::write(ByteView bytes) {
  if (!outer_) return write_socket(bytes);
  IoResult result = outer_->write({&bytes, 1});
  ERR_clear_error();
  return result;
}

IoResult TlsBelow::write_socket(ByteView bytes) {
  const ssize_t n = ::send(watch_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n < 0) return failed_or_not_now(watch_, Watch::For::Write);
  return {Status::Done, static_cast<std::size_t>(n), {}};
}

/// A record of any type (RFC 8446 §5.1, RFC 6520), or the hello of SSL 2 in which old clients wrap
/// theirs (RFC 5246 §E.2).
bool TlsBelow::begins_tls(char first) const {
  const auto type = static_cast<unsigned char>(first);
  return (type >= 20 && type <= 24) || (is_server_ && (type & 0x80) != 0);
}

void TlsBelow::keep_strays(ByteView read) {
  strays_ = read;
  strays_.append(ahead_, taken_);
  drop_ahead();
}

void TlsBelow::drop_ahead() {
  ahead_ = Bytes();
  taken_ = 0;
}

}  // namespace understudy
