// What is worth keeping of a TLS handshake. A plain value.
#pragma once

#include <openssl/types.h>

#include <string>

namespace understudy {

struct TlsFacts {
  std::string version;      ///< "TLSv1.3"; empty = the handshake is not done
  std::string cipher;       ///< "TLS_AES_128_GCM_SHA256"; empty likewise
  std::string server_name;  ///< SNI, as sent; empty = none
  std::string alpn;         ///< agreed on; empty = none
  bool resumed = false;
  /// How the peer's certificate was judged: "ok", "not checked", or OpenSSL's reason.
  std::string verified;
  /// Of the peer's certificate, as RFC 2253 writes it: "CN=partner,O=Example"; empty = it sent
  /// none.
  std::string peer_subject;
  std::string own_chain, peer_chain;  ///< PEM, leaf first; empty = none sent
};

/// Of a connection whose handshake is done, or failed: then what was known by that time. `checked`:
/// the peer's certificate had to be good.
[[nodiscard]] TlsFacts tls_facts(const SSL* ssl, bool checked);

}  // namespace understudy
