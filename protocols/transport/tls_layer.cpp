#include "protocols/transport/tls_layer.h"

#include "protocols/transport/ssl_place.h"
#include "protocols/transport/stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <utility>

namespace understudy {

namespace {

/// One record: larger writes are cut into such anyway (RFC 8446 §5.1).
constexpr std::size_t kRecordBytes = std::size_t{16} * 1024;
/// Within TLS a record and what it adds (header, padding, digest) fill one record of the layer
/// outside.
constexpr std::size_t kInnerRecordBytes = kRecordBytes - 256;

/// Pieces as one run of bytes, a record at a time.
class PieceReader {
 public:
  explicit PieceReader(std::span<const ByteView> pieces) : pieces_(pieces) { skip_empty(); }

  /// The next bytes, at most `limit` (up to kRecordBytes); empty = there are none. Lives until the
  /// next call on this thread. Small pieces come together: a record each would be 22 bytes and a
  /// pass over the cipher more.
  [[nodiscard]] ByteView peek(std::size_t limit) const {
    if (pieces_.empty()) return {};
    const ByteView first = pieces_.front().substr(offset_);
    if (pieces_.size() == 1 || first.size() >= limit) return first.substr(0, limit);
    static thread_local std::array<char, kRecordBytes> together;
    std::size_t size = first.copy(together.data(), limit);
    for (const ByteView piece : pieces_.subspan(1))
      size += piece.copy(together.data() + size, limit - size);
    return {together.data(), size};
  }

  void advance(std::size_t size) {
    for (; size > 0; skip_empty()) {
      const std::size_t part = std::min(size, pieces_.front().size() - offset_);
      offset_ += part;
      size -= part;
    }
  }

 private:
  void skip_empty() {
    while (!pieces_.empty() && offset_ == pieces_.front().size()) {
      pieces_ = pieces_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const ByteView> pieces_;
  std::size_t offset_ = 0;  ///< into the first
};

/// Alerts that mean our certificate (RFC 8446 §6.2): bad, unsupported, revoked, expired, unknown
/// and unknown authority.
bool is_about_certificates(unsigned long code) {
  constexpr std::array<int, 6> kAlerts{42, 43, 44, 45, 46, 48};
  const int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
  return ERR_GET_LIB(code) == ERR_LIB_SSL && std::ranges::find(kAlerts, alert) != kAlerts.end();
}

/// "certificate has expired", "sslv3 alert handshake failure", …; empty = nobody has a reason.
std::string words_for_failure(const SSL* ssl) {
  if (const std::string* ours = refusal_place().of(ssl)) return *ours;
  const long verdict = SSL_get_verify_result(ssl);
  const unsigned long code = ERR_peek_last_error();
  if (SSL_is_server(ssl) == 0 && verdict != X509_V_OK &&
      (code == 0 || ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)) {
    return X509_verify_cert_error_string(verdict);
  }
  if (code == 0) return "";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

/// The first few bytes: enough to tell what was spoken, too few to give a secret away.
std::string about_strays(ByteView bytes) {
  constexpr std::size_t kShown = 5;
  std::string hex, text;
  for (const char c : bytes.substr(0, kShown)) {
    hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", c & 0xff);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return fmt::format("the peer does not speak TLS: it began with {} ({})", hex, text);
}

}  // namespace

TlsLayer::TlsLayer(SslHandle ssl, Watch& watch, std::unique_ptr<TlsLayer> outer, Bytes already_read)
    : below_(watch, std::move(outer), std::move(already_read)),
      ssl_(std::move(ssl)),
      record_bytes_(below_.outer() == nullptr ? kRecordBytes : kInnerRecordBytes) {
  below_.serve(ssl_.get());
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
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    if (SSL_has_pending(ssl_.get()) != 0) below_.watch().mark_ready(Watch::For::Read);
    return Step::Done;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return Step::WantsRead;
  if (error == SSL_ERROR_WANT_WRITE) return Step::WantsWrite;
  note_failure(error);
  return Step::Failed;
}

void TlsLayer::note_failure(int error) {
  refused_our_certificate_ = is_about_certificates(ERR_peek_last_error());
  failure_ = below_.not_tls() ? about_strays(below_.strays()) : words_for_failure(ssl_.get());
  if (!failure_.empty()) return;
  failure_ = error == SSL_ERROR_SYSCALL && below_.error()
                 ? below_.error().message()
                 : "the peer closed the connection during the handshake";
}

IoResult TlsLayer::read(std::span<char> buffer) {
  if (end_) return *end_;
  read_waits_for_room_ = false;
  std::size_t total = 0;
  while (total < buffer.size()) {
    ERR_clear_error();
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
    end_ = std::make_unique<IoResult>(end_because(error));
    break;
  }
  // What OpenSSL holds already, or knows, raises no edge.
  if (end_ || total == buffer.size()) below_.watch().mark_ready(Watch::For::Read);
  if (total > 0) return {IoResult::Status::Done, total, {}};
  return end_ ? *end_ : IoResult{};
}

IoResult TlsLayer::end_because(int error) const {
  if (error == SSL_ERROR_ZERO_RETURN) return {IoResult::Status::Finished, 0, {}};
  ErrorCode why(ECONNRESET, boost::system::system_category());
  if (below_.error()) why = below_.error();
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) why = ErrorCode(static_cast<int>(code), asio::error::get_ssl_category());
  return {IoResult::Status::Broken, 0, why};
}

IoResult TlsLayer::write(std::span<const ByteView> pieces) {
  PieceReader rest(pieces);
  std::size_t total = 0;
  for (;;) {
    const ByteView record = rest.peek(record_bytes_);
    if (record.empty()) return {IoResult::Status::Done, total, {}};
    ERR_clear_error();
    std::size_t n = 0;
    const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &n);
    if (result == 1) {
      total += n;  // less than a record where the peer asked for smaller ones (RFC 6066 §4)
      rest.advance(n);
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) return end_because(error);
    // The record is kept by OpenSSL and must be offered again: its bytes count as not sent.
    if (total == 0) return {};
    return {IoResult::Status::Done, total, {}};
  }
}

bool TlsLayer::finish_sending() {
  if (!finished_sending_) {
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_.get());
    if (result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) return false;
    finished_sending_ = true;  // or it failed: then nothing can be sent
  }
  return outer() == nullptr || outer()->finish_sending();
}

}  // namespace understudy
