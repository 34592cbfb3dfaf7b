// What a TLS server proves itself with: certificate, private key, and the chain above it.
//
// Immutable and handed around as shared_ptr<const CertifiedKey>: a certificate callback of any
// thread passes the three pointers to SSL_use_cert_and_key(), which takes shares of its own.
#pragma once

#include "protocols/transport/openssl_ptr.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace understudy {

class CertifiedKey {
 public:
  /// `chain`: intermediate certificates, the leaf's issuer first; may be empty, not null.
  CertifiedKey(X509Ptr certificate, EvpKeyPtr key, X509StackPtr chain)
      : certificate_(std::move(certificate)), key_(std::move(key)), chain_(std::move(chain)) {}

  // Borrowed from here. Not const, since OpenSSL's functions ask for that; they do not change them.
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] stack_st_X509* chain() const { return chain_.get(); }

  /// Certificate and chain in PEM, as they are sent. Written once, when first asked for.
  [[nodiscard]] const std::string& pem() const;

 private:
  X509Ptr certificate_;
  EvpKeyPtr key_;
  X509StackPtr chain_;
  mutable std::once_flag pem_made_;
  mutable std::string pem_;
};

using SharedCertifiedKey = std::shared_ptr<const CertifiedKey>;

}  // namespace understudy
