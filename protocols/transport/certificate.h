// X.509 certificates (RFC 5280) as the rest of the program needs them: read, written, described.
// Safe from any thread: no function changes a certificate.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"

#include <chrono>
#include <string>
#include <vector>

namespace understudy {

/// What people compare and machines check.
struct CertificateFacts {
  std::string subject;  ///< "CN = api.example.com, O = Example" (RFC 2253 escapes, UTF-8)
  std::string sha256;   ///< fingerprint of the DER form: "AB:CD:…", 32 octets
  std::chrono::sys_seconds not_before, not_after;  ///< both are valid instants
};

[[nodiscard]] CertificateFacts certificate_facts(X509* certificate);

/// The subject as RFC 2253 writes it, the common name first: "CN=partner,O=Example" (UTF-8).
[[nodiscard]] std::string subject_rfc2253(X509* certificate);

[[nodiscard]] std::string certificate_pem(X509* certificate);
[[nodiscard]] std::string certificate_der(X509* certificate);

/// Every certificate of PEM text, in its order; other blocks and text between are skipped. Errors:
/// `blame` at `where` (none in it, one of them damaged).
[[nodiscard]] Result<std::vector<X509Ptr>> read_certificates_pem(const std::string& text,
                                                                 const std::string& where,
                                                                 ErrorSource blame);

/// Hosts that it is for: DNS names and addresses of its subjectAltName, else its common name. As
/// written there, in any case, possibly none.
[[nodiscard]] std::vector<std::string> certificate_hosts(X509* certificate);

/// basicConstraints say that it signs others.
[[nodiscard]] bool is_authority(X509* certificate);

/// "2035-11-19 09:13:14 UTC".
[[nodiscard]] std::string validity_text(std::chrono::sys_seconds time);

}  // namespace understudy
