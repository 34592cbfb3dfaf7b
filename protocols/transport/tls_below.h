// What lies under a TLS layer, as the BIO that OpenSSL reads and writes: bytes that were read
// before TLS began, then the socket, or the TLS layer outside of this one.
//
//   SSL ─▶ TlsBelow ─┬─▶ bytes already read
//                    ├─▶ outer TlsLayer ─▶ SSL ─▶ TlsBelow ─▶ …
//                    └─▶ Watch ─▶ recv, send
//
// The socket is asked only where the Watch knows of something: with reading ahead, a record is one
// recv, and no recv is made only to learn that there is nothing. Threading as Stream.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/transport/asio.h"
#include "protocols/transport/poller.h"

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <span>

namespace understudy {

struct IoResult;
class TlsLayer;

class TlsBelow {
 public:
  /// `watch` outlives this; `outer` may be null.
  TlsBelow(Watch& watch, std::unique_ptr<TlsLayer> outer, Bytes already_read);
  ~TlsBelow();
  TlsBelow(const TlsBelow&) = delete;
  TlsBelow& operator=(const TlsBelow&) = delete;

  /// Becomes what `ssl` reads and writes; outlives it.
  void serve(SSL* ssl);

  [[nodiscard]] Watch& watch() const { return watch_; }
  [[nodiscard]] TlsLayer* outer() const { return outer_.get(); }
  [[nodiscard]] std::unique_ptr<TlsLayer> take_outer();
  /// How reading or writing failed; none = it did not, or the peer sent its end.
  [[nodiscard]] const ErrorCode& error() const { return error_; }
  /// The peer began with something that is no TLS record. OpenSSL was shown nothing of it.
  [[nodiscard]] bool not_tls() const { return !strays_.empty(); }
  /// That something, as far as it was read.
  [[nodiscard]] Bytes& strays() { return strays_; }

 private:
  friend struct BelowBio;  ///< what OpenSSL calls

  IoResult read(std::span<char> buffer);
  IoResult read_socket(std::span<char> buffer);
  IoResult write(ByteView bytes);
  IoResult write_socket(ByteView bytes);
  [[nodiscard]] bool begins_tls(char first) const;
  void keep_strays(ByteView read);
  void drop_ahead();

  Watch& watch_;
  std::unique_ptr<TlsLayer> outer_;
  Bytes ahead_;            ///< read before TLS began; empty once it was all taken
  std::size_t taken_ = 0;  ///< of ahead_
  Bytes strays_;
  ErrorCode error_;
  bool is_server_ = false, begun_ = false;
};

}  // namespace understudy
