// What TLS connections of one kind have in common: versions, ciphers, ALPN, verification, resumed
// sessions. Made when rules are read, shared by all workers; safe from any thread.
//
// SSLKEYLOGFILE is honoured, as in curl and browsers: whoever sets it reads our traffic in
// Wireshark.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/certified_key.h"
#include "protocols/transport/openssl_ptr.h"
#include "protocols/transport/tls_options.h"

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy {

/// Sets versions, ciphers and key logging. Errors: Config (an unknown version or cipher).
[[nodiscard]] Result<void> apply_basics(SSL_CTX* context, const TlsBasics& basics);

/// ALPN's wire form: each name after its length (RFC 7301 §3.1).
[[nodiscard]] std::string alpn_wire(const std::vector<std::string>& names);

class TlsClientContext : public std::enable_shared_from_this<TlsClientContext> {
 public:
  /// Reads every file that is named. Errors: Config (the file, and what is wrong with it).
  [[nodiscard]] static Result<std::shared_ptr<TlsClientContext>> make(TlsClientOptions options);

  /// A connection to be made to `server_name` (a host name or an IP address) at `destination`
  /// ("host:port"), for tls_handshake(). `alpn`: what is offered, best first; empty = nothing. A
  /// session of an earlier connection to the same destination, with the same name and offers, is
  /// offered again. It keeps the context alive. Errors: Internal (out of memory), Config (a name
  /// that cannot be checked).
  [[nodiscard]] Result<SslHandle> connection(const std::string& server_name,
                                             const std::string& destination,
                                             const std::vector<std::string>& alpn = {});
  [[nodiscard]] const TlsClientOptions& options() const { return options_; }
  /// About our own certificate: it expired, …
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct SessionDeleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using SessionHandle = std::unique_ptr<SSL_SESSION, SessionDeleter>;
  /// Last sessions that are kept; beyond it all are forgotten.
  static constexpr std::size_t kMaxSessions = 1024;

  TlsClientContext() = default;
  Result<void> trust();
  Result<void> use_own_certificate();
  static int keep_session(SSL* ssl, SSL_SESSION* session);
  static int note_certificate(SSL* ssl, void* self);

  TlsClientOptions options_;
  SharedCertifiedKey own_;  ///< null = none
  std::vector<std::string> warnings_;
  SslContextHandle context_;
  std::mutex mutex_;
  std::unordered_map<std::string, SessionHandle> sessions_;  ///< by session_key(); under mutex_
};

}  // namespace understudy
