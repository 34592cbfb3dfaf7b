// Serving TLS: one context for all connections of a rule, and the certificate chosen for each by
// the name that the client asks for. Safe from any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/cert_authority.h"
#include "protocols/transport/tls_context.h"

#include <functional>
#include <memory>
#include <string>

namespace understudy {

/// Finds or makes the certificate for a name, as the client sent it or empty; null = none can be,
/// and the handshake fails. Called from any worker.
using CertificateSource = std::function<SharedCertifiedKey(const std::string& name, LeafKind kind)>;

/// An authority as a source: names that no certificate can be for get none.
[[nodiscard]] CertificateSource leaves_of(std::shared_ptr<CertAuthority> authority);

class TlsServerContext {
 public:
  /// Errors: Config (an unknown version or cipher).
  [[nodiscard]] static Result<std::shared_ptr<TlsServerContext>> make(
      TlsServerOptions options, CertificateSource certificates);

  /// A connection that waits for its client, for TlsLayer. The context outlives it. `fallback`: the
  /// name served where the client sends none; empty = the options' own.
  [[nodiscard]] SslHandle connection(const std::string& fallback = {});

 private:
  TlsServerContext() = default;
  static int choose_certificate(SSL* ssl, void* self);
  static int choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* offered, unsigned offered_size, void* self);

  TlsServerOptions options_;
  std::string alpn_;
  CertificateSource certificates_;
  SslContextHandle context_;
};

}  // namespace understudy
