// Private keys: made, read and written. Safe from any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"

#include <stop_token>
#include <string>

namespace understudy {

/// ECDSA on P-256: some 30 µs. Errors: Internal.
[[nodiscard]] Result<EvpKeyPtr> make_ecdsa_key();

/// RSA of 2048 bits: 0.1 to 1 s of one core. A stop request ends it early, with an error. Errors:
/// Internal.
[[nodiscard]] Result<EvpKeyPtr> make_rsa_key(const std::stop_token& stop);

/// PKCS#8 in PEM, not encrypted.
[[nodiscard]] std::string private_key_pem(EVP_PKEY* key);

/// The first private key in PEM text, of any kind that OpenSSL knows. Errors: `blame` at `where`
/// (no key in it, damaged, protected by a password).
[[nodiscard]] Result<EvpKeyPtr> read_private_key_pem(const std::string& text,
                                                     const std::string& where, ErrorSource blame);

}  // namespace understudy
