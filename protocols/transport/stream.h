// One connected TCP connection, read and written without blocking.
//
// A Stream separates "wait until something can be read" from "read": an idle connection owns no
// buffer, and a reader brings the buffer of its thread. TLS lives behind the same calls, so nothing
// above is a template and nothing above knows.
//
// Used by the thread of its executor only. At most one coroutine waits in readable() and one in
// writable() at a time.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"
#include "protocols/transport/asio.h"
#include "protocols/transport/openssl_ptr.h"
#include "protocols/transport/poller.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>

namespace understudy {

/// What a non-blocking read or write came to.
struct IoResult {
  enum class Status : std::uint8_t {
    Done,      ///< `size` bytes moved (a write may have moved fewer than it was given)
    NotNow,    ///< nothing can be moved: wait first
    Finished,  ///< read only: the peer sent FIN
    Broken,    ///< the connection failed: `error` says how
  };
  Status status = Status::NotNow;
  std::size_t size = 0;
  ErrorCode error;
};

class TlsLayer;

class Stream {
 public:
  /// Takes a socket that is non-blocking already, connected or on its way (then writable() says
  /// when, and connect_error() whether); sets TCP_NODELAY. On the thread of `executor`.
  Stream(Executor executor, Descriptor socket);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  [[nodiscard]] IoResult try_read(std::span<char> buffer);
  /// Gathers up to kMaxPieces pieces into one system call; size = bytes that left.
  [[nodiscard]] IoResult try_write(std::span<const ByteView> pieces);

  /// Waits until try_read() has something to say: `auto [error] = co_await stream.readable();`.
  /// Error: operation_aborted after close(). (No coroutine of its own: a frame less per read.)
  [[nodiscard]] Task<std::tuple<ErrorCode>> readable();
  [[nodiscard]] Task<std::tuple<ErrorCode>> writable();

  /// Bytes that arrived, without taking them: what a connection is, before anyone reads it. Nothing
  /// there: NotNow, Finished or Broken as try_read() would say.
  [[nodiscard]] IoResult try_peek(std::span<char> buffer);
  /// From now on bytes are read and written through `ssl`, which says which side it is and owes the
  /// handshake (tls_handshake() does both). Where there is TLS already, the new one is inside of
  /// it. `already_read` is what the peer sent and was read before.
  TlsLayer& start_tls(SslHandle ssl, Bytes already_read = {});
  /// Undoes the last start_tls(): for a peer that turned out to speak plain. Nobody waits.
  void drop_tls();
  /// The innermost layer; null = plain.
  [[nodiscard]] TlsLayer* tls() const { return tls_.get(); }
  [[nodiscard]] Watch& watch() { return *watch_; }

  /// Sends FIN, after close_notify where there is TLS; nothing that was written may be waiting for
  /// room. Where the socket has no room for it, it follows once there is, unless close() comes
  /// first. Errors are of no use to anybody here: the peer is gone then.
  void finish_sending();
  /// Closes; pending waits end with operation_aborted. Safe to call again.
  void close();
  /// Closes with RST instead of FIN, as a peer that broke off.
  void reset();
  [[nodiscard]] bool is_open() const { return watch_->fd() >= 0; }
  /// How a connect() that was under way ended.
  [[nodiscard]] ErrorCode connect_error() const;

  /// "127.0.0.1:50947", empty when the connection is already gone.
  [[nodiscard]] std::string peer_address() const;
  [[nodiscard]] std::string local_address() const;
  /// The same without the port, "127.0.0.1", "::1": a name that a certificate may be for.
  [[nodiscard]] std::string local_host() const;
  /// Where the peer was connecting to when the kernel redirected it here; nothing = it meant us, or
  /// nobody knows.
  [[nodiscard]] std::optional<Endpoint> original_destination() const;
  /// The port at the other end where that is this machine too, else 0.
  [[nodiscard]] std::uint16_t peer_port_here() const;
  [[nodiscard]] Executor executor() const { return watch_->executor(); }
  /// For Beast and other code that does its own reading: gives the socket up, which is closed where
  /// the connection is already gone.
  [[nodiscard]] Socket release_socket();

  /// More pieces than this are written by several calls.
  static constexpr std::size_t kMaxPieces = 16;

 private:
  std::unique_ptr<Watch> watch_;  ///< never null but in a moved-from Stream
  std::unique_ptr<TlsLayer> tls_;
};

/// "127.0.0.1:80", "[::1]:80"; IPv4-mapped IPv6 addresses as the IPv4 address that they are.
[[nodiscard]] std::string address_text(const Tcp::endpoint& endpoint);

}  // namespace understudy
