// Owners of OpenSSL's objects, and its reasons as text. Names OpenSSL's types without its headers,
// so that whoever hands certificates around does not compile them.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

struct PKCS12_st;      // PKCS12
struct stack_st_X509;  // STACK_OF(X509)

namespace understudy {

struct OpensslFree {
  void operator()(X509* object) const noexcept;
  void operator()(EVP_PKEY* object) const noexcept;
  void operator()(EVP_PKEY_CTX* object) const noexcept;
  void operator()(BIO* object) const noexcept;
  void operator()(PKCS12_st* object) const noexcept;
  void operator()(stack_st_X509* object) const noexcept;  ///< and the certificates in it
  void operator()(SSL* object) const noexcept;
  void operator()(SSL_CTX* object) const noexcept;
};

using X509Ptr = std::unique_ptr<X509, OpensslFree>;
using EvpKeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree>;
using EvpKeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree>;
using BioPtr = std::unique_ptr<BIO, OpensslFree>;
using Pkcs12Ptr = std::unique_ptr<PKCS12_st, OpensslFree>;
using X509StackPtr = std::unique_ptr<stack_st_X509, OpensslFree>;
using SslHandle = std::unique_ptr<SSL, OpensslFree>;
using SslContextHandle = std::unique_ptr<SSL_CTX, OpensslFree>;

/// One more owner of the same object; safe from any thread.
[[nodiscard]] X509Ptr share(X509* certificate);
[[nodiscard]] EvpKeyPtr share(EVP_PKEY* key);

/// A stream that reads `text`, which must outlive it.
[[nodiscard]] BioPtr reading(const std::string& text);
[[nodiscard]] BioPtr memory_bio();
/// What was written to a memory_bio().
[[nodiscard]] std::string written(const BioPtr& memory);

/// The first reason in this thread's error queue, as OpenSSL words it; empties the queue. "unknown
/// reason" when there is none.
[[nodiscard]] std::string openssl_reason();

}  // namespace understudy
