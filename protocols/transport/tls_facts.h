// What is worth keeping of a TLS handshake. A plain value.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace understudy {

struct TlsFacts {
  std::string version;      ///< "TLSv1.3"
  std::string cipher;       ///< "TLS_AES_128_GCM_SHA256"
  std::string server_name;  ///< SNI, as sent; empty = none
  std::string alpn;         ///< agreed on; empty = none
  bool resumed = false;
  /// How the peer's certificate was judged: "ok", "not checked", or OpenSSL's reason.
  std::string verified;
  std::string own_chain, peer_chain;  ///< PEM, leaf first; empty = none sent
};

/// Of a connection whose handshake is done. `checked`: the peer's certificate had to be good.
[[nodiscard]] TlsFacts tls_facts(SSL* ssl, bool checked);

}  // namespace understudy
