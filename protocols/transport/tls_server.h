// Serving TLS: one context for all connections of a rule, and the certificate chosen for each by
// the name that the client asks for. Safe from any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/certificate_source.h"
#include "protocols/transport/tls_context.h"

#include <memory>
#include <string>
#include <vector>

namespace understudy {

class TlsServerContext : public std::enable_shared_from_this<TlsServerContext> {
 public:
  /// Errors: Config (an unknown version or cipher, a certificate that TLS does not allow).
  [[nodiscard]] static Result<std::shared_ptr<TlsServerContext>> make(
      TlsServerOptions options, SharedCertificateSource certificates);

  /// A connection that waits for its client, for tls_handshake(). It keeps the context alive. Null
  /// = out of memory.
  ///
  /// A client that names its host (SNI) is shown a certificate for that, be it a name or, against
  /// RFC 6066 §3, an address; a name that no certificate can be for ends the handshake. Who names
  /// none connected to an address, or to a name and does not say so: it is shown a certificate for
  /// all of `names`, those that it may have used (the destination's, the local address). Of them,
  /// what is no name is left out.
  [[nodiscard]] SslHandle connection(std::vector<std::string> names);

 private:
  TlsServerContext() = default;
  Result<void> try_certificate();
  static int read_hello(SSL* ssl, int* alert, void* self);
  static int choose_certificate(SSL* ssl, void* self);
  static int choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* offered, unsigned offered_size, void* self);

  TlsServerOptions options_;
  std::string alpn_;
  SharedCertificateSource certificates_;
  SslContextHandle context_;
};

}  // namespace understudy
