// TLS over one watched socket, or over the TLS that it is inside of: what SSL_read and SSL_write
// are to recv and send. Threading as Stream.
//
//   Stream::try_read ─▶ TlsLayer::read ─▶ SSL ─▶ TlsBelow ─▶ socket, or the TlsLayer outside
//
// Whoever reads reads until there is nothing more, or is told again: what a layer holds raises no
// edge of the socket.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/transport/asio.h"
#include "protocols/transport/openssl_ptr.h"
#include "protocols/transport/poller.h"
#include "protocols/transport/tls_below.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace understudy {

struct IoResult;

class TlsLayer {
 public:
  enum class Step : std::uint8_t { Done, WantsRead, WantsWrite, Failed };

  /// Takes a connection that was set to accept or connect; `watch` outlives it. `outer`: the TLS
  /// that it is inside of, null = none. `already_read`: what the peer sent and was read before.
  TlsLayer(SslHandle ssl, Watch& watch, std::unique_ptr<TlsLayer> outer = nullptr,
           Bytes already_read = {});
  ~TlsLayer();
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  /// Goes on with the handshake. After Failed, failure() says why.
  [[nodiscard]] Step handshake();
  /// Why the handshake failed, in words: ours, else the verifier's, else OpenSSL's, else that
  /// the peer left.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// The handshake failed because of the certificate that we showed: the peer's alert says so.
  [[nodiscard]] bool refused_our_certificate() const { return refused_our_certificate_; }
  /// The handshake failed because the peer speaks no TLS, and nothing was sent in answer to it.
  [[nodiscard]] bool not_tls() const { return below_.not_tls(); }
  /// What it sent instead, as far as it was read.
  [[nodiscard]] Bytes take_strays() { return std::move(below_.strays()); }

  /// As Stream::try_read and try_write, of plain bytes. Finished = close_notify, or a FIN without
  /// it: what sits above knows by its own framing whether anything is missing. What write() does
  /// not take has to be offered again first, all of it: a record may have left in part.
  [[nodiscard]] IoResult read(std::span<char> buffer);
  [[nodiscard]] IoResult write(std::span<const ByteView> pieces);
  /// Sends close_notify, then that of the layers outside, once all that was written is out. False:
  /// there is no room yet, call again.
  [[nodiscard]] bool finish_sending();
  /// A read can only go on once the socket takes bytes (an answer to a key update).
  [[nodiscard]] bool read_waits_for_room() const { return read_waits_for_room_; }

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  /// Null = this is the outermost.
  [[nodiscard]] TlsLayer* outer() const { return below_.outer(); }
  /// Gives up what is outside; this layer is of no use any more.
  [[nodiscard]] std::unique_ptr<TlsLayer> take_outer() { return below_.take_outer(); }

 private:
  [[nodiscard]] IoResult end_because(int error) const;
  void note_failure(int error);

  TlsBelow below_;
  SslHandle ssl_;  ///< goes first: it reads and writes below_
  const std::size_t record_bytes_;
  std::string failure_;
  std::unique_ptr<IoResult> end_;  ///< how reading ended, once it has
  bool read_waits_for_room_ = false, finished_sending_ = false, refused_our_certificate_ = false;
};

}  // namespace understudy
