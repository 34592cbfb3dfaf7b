#include "protocols/transport/openssl_ptr.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace understudy {

void OpensslFree::operator()(X509* object) const noexcept {
  X509_free(object);
}
void OpensslFree::operator()(EVP_PKEY* object) const noexcept {
  EVP_PKEY_free(object);
}
void OpensslFree::operator()(EVP_PKEY_CTX* object) const noexcept {
  EVP_PKEY_CTX_free(object);
}
void OpensslFree::operator()(BIO* object) const noexcept {
  BIO_free(object);
}
void OpensslFree::operator()(PKCS12* object) const noexcept {
  PKCS12_free(object);
}
void OpensslFree::operator()(stack_st_X509* object) const noexcept {
  sk_X509_pop_free(object, X509_free);
}
void OpensslFree::operator()(SSL* object) const noexcept {
  SSL_free(object);
}
void OpensslFree::operator()(SSL_CTX* object) const noexcept {
  SSL_CTX_free(object);
}

X509Ptr share(X509* certificate) {
  X509_up_ref(certificate);
  return X509Ptr(certificate);
}

EvpKeyPtr share(EVP_PKEY* key) {
  EVP_PKEY_up_ref(key);
  return EvpKeyPtr(key);
}

BioPtr reading(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

BioPtr memory_bio() {
  return BioPtr(BIO_new(BIO_s_mem()));
}

std::string written(const BioPtr& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

}  // namespace understudy
