// Values of ours that travel with an SSL connection, for OpenSSL's callbacks and for whoever asks
// afterwards. Used like the SSL itself: by one thread at a time.
#pragma once

#include "protocols/transport/certified_key.h"

#include <openssl/ssl.h>

#include <string>
#include <utility>

namespace understudy {

/// A place for a T in every SSL. Make one of each kind and keep it: OpenSSL never frees places.
template <class T>
class SslPlace {
 public:
  SslPlace()
      : index_(SSL_get_ex_new_index(0, nullptr, nullptr, nullptr,
                                    [](void*, void* value, CRYPTO_EX_DATA*, int, long, void*) {
                                      delete static_cast<T*>(value);
                                    })) {}

  /// Kept until the next put(), or as long as `ssl`.
  void put(SSL* ssl, T value) const {
    delete of(ssl);
    SSL_set_ex_data(ssl, index_, new T(std::move(value)));
  }
  /// Null = nothing was put.
  [[nodiscard]] T* of(const SSL* ssl) const {
    return static_cast<T*>(SSL_get_ex_data(ssl, index_));
  }

 private:
  const int index_;
};

/// Why a callback of ours ended the handshake, in words: OpenSSL only tells that one did.
[[nodiscard]] const SslPlace<std::string>& refusal_place();

/// What our side proves itself with, once the peer was shown it.
[[nodiscard]] const SslPlace<SharedCertifiedKey>& shown_place();

}  // namespace understudy
