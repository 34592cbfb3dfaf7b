// Files that make clients trust our root beside the system's: one PEM bundle for most of them, a
// PKCS#12 trust store for Java. Blocking.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// Java's own default, under which its tools expect a trust store.
inline constexpr const char* kTrustStorePassword = "changeit";

/// The file with the roots that this system trusts: SSL_CERT_FILE's, else where distributions keep
/// it; empty when there is none (a bare container). Reads the environment.
[[nodiscard]] std::string system_roots_file();

/// A PKCS#12 trust store (RFC 7292) of `certificates`, in DER. Each bag carries Java's
/// trusted-key-usage attribute, without which Java sees no entry; the first is called "understudy".
/// Certificates are not encrypted; kTrustStorePassword is only for the checksum. Errors: Internal.
[[nodiscard]] Result<std::string> java_trust_store(std::span<X509* const> certificates);

/// Writes `root` and the certificates of `system_roots`, a PEM file (empty = none), to `path`,
/// replacing it. Returns how many of the system's went in. Errors: Environment (a file cannot be
/// read or written, holds no certificate), Internal.
[[nodiscard]] Result<std::size_t> write_trust_bundle(const std::string& path, X509* root,
                                                     const std::string& system_roots);
/// The same as a java_trust_store().
[[nodiscard]] Result<std::size_t> write_java_trust_store(const std::string& path, X509* root,
                                                         const std::string& system_roots);

}  // namespace understudy
