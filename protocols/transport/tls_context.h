// What TLS connections of one kind have in common: versions, ciphers, ALPN, verification, resumed
// sessions. Made when rules are read, shared by all workers; safe from any thread.
//
// SSLKEYLOGFILE is honoured, as in curl and browsers: whoever sets it reads our traffic in
// Wireshark.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"
#include "protocols/transport/tls_options.h"

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace understudy {

/// Sets versions, ciphers and key logging. Errors: Config (an unknown version or cipher).
[[nodiscard]] Result<void> apply_basics(SSL_CTX* context, const TlsBasics& basics);

/// ALPN's wire form: each name after its length (RFC 7301 §3.1).
[[nodiscard]] std::string alpn_wire(const std::vector<std::string>& names);

/// A new place for a std::string in every SSL (SSL_set_ex_data), deleted with it.
[[nodiscard]] int place_for_text();

class TlsClientContext {
 public:
  /// Reads every file that is named. Errors: Config (the file, and what is wrong with it).
  [[nodiscard]] static Result<std::shared_ptr<TlsClientContext>> make(TlsClientOptions options);

  /// A connection to be made to `server_name` (a host name or an IP address), for TlsLayer. A
  /// session of an earlier connection to the same `destination` ("host:port") is offered again.
  /// Errors: Internal (out of memory), Config (a name that cannot be checked).
  [[nodiscard]] Result<SslHandle> connection(const std::string& server_name,
                                             const std::string& destination);
  [[nodiscard]] const TlsClientOptions& options() const { return options_; }

 private:
  struct SessionDeleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using SessionHandle = std::unique_ptr<SSL_SESSION, SessionDeleter>;
  /// Destinations whose last session is kept; beyond it all are forgotten.
  static constexpr std::size_t kMaxSessions = 1024;

  TlsClientContext() = default;
  Result<void> trust();
  Result<void> use_own_certificate();
  static int keep_session(SSL* ssl, SSL_SESSION* session);

  TlsClientOptions options_;
  SslContextHandle context_;
  std::mutex mutex_;
  std::unordered_map<std::string, SessionHandle> sessions_;  ///< by destination; under mutex_
};

}  // namespace understudy
