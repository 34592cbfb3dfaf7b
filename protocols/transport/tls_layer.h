// TLS over one watched socket: what SSL_read and SSL_write are to recv and send.
//
//   Stream::try_read ─▶ TlsLayer::read ─▶ SSL ─▶ BIO over the Watch ─▶ recv
//
// The BIO asks the socket only where the Watch knows of something: with reading ahead, a record is
// one recv, and no recv is made only to learn that there is nothing. Threading as Stream.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/transport/asio.h"
#include "protocols/transport/poller.h"

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace understudy {

struct IoResult;

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, SslDeleter>;

class TlsLayer {
 public:
  enum class Step : std::uint8_t { Done, WantsRead, WantsWrite, Failed };

  /// Takes a connection that was set to accept or connect; `watch` outlives it.
  TlsLayer(SslHandle ssl, Watch& watch);
  ~TlsLayer();
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  /// Goes on with the handshake. After Failed, failure() says why.
  [[nodiscard]] Step handshake();
  /// Why the handshake failed, in words: the verifier's, else OpenSSL's, else that the peer left.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  /// As Stream::try_read and try_write, of plain bytes. Finished = close_notify, or a FIN without
  /// it: what sits above knows by its own framing whether anything is missing.
  [[nodiscard]] IoResult read(std::span<char> buffer);
  [[nodiscard]] IoResult write(std::span<const ByteView> pieces);
  /// Sends close_notify.
  void finish_sending();
  /// A read can only go on once the socket takes bytes (an answer to a key update).
  [[nodiscard]] bool read_waits_for_room() const { return read_waits_for_room_; }

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

 private:
  [[nodiscard]] std::optional<IoResult> end_of_read(int error);

  SslHandle ssl_;
  Watch& watch_;
  std::string failure_;
  std::unique_ptr<IoResult> end_;  ///< how reading ended, once it has
  bool read_waits_for_room_ = false;
};

}  // namespace understudy
