// The two kinds of certificates that we sign (RFC 5280): the root of a local authority, and leaves
// for TLS servers below it. Pure but for random serials and keys; safe from any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"
#include "protocols/transport/server_name.h"

#include <chrono>
#include <span>
#include <string>

namespace understudy {

/// Both ends are valid instants.
struct Validity {
  std::chrono::sys_seconds not_before, not_after;
};

/// Self-signed: CA:TRUE with path length 0, keyCertSign and cRLSign. `name` is its common name, at
/// most 64 characters of ASCII. Errors: Internal.
[[nodiscard]] Result<X509Ptr> make_root(EVP_PKEY* key, const std::string& name, Validity validity);

struct Issuer {
  X509* certificate;  ///< borrowed
  EVP_PKEY* key;      ///< borrowed
};

/// For `names`, at least one, all of them in subjectAltName; the first is the common name too,
/// where it fits into the 64 characters of one. Errors: Internal.
[[nodiscard]] Result<X509Ptr> make_leaf(Issuer issuer, EVP_PKEY* key,
                                        std::span<const ServerName> names, Validity validity);

}  // namespace understudy
