#include "protocols/transport/tls_facts.h"

#include "protocols/transport/certificate.h"

#include <openssl/x509_vfy.h>

namespace understudy {

namespace {

std::string chain_pem(X509* leaf, const STACK_OF(X509) * others) {
  std::string pem;
  if (leaf != nullptr) pem += certificate_pem(leaf);
  for (int i = 0; i < sk_X509_num(others); ++i) {
    X509* each = sk_X509_value(others, i);
    if (leaf == nullptr || X509_cmp(each, leaf) != 0) pem += certificate_pem(each);
  }
  return pem;
}

std::string text(const char* from) {
  return from == nullptr ? std::string() : std::string(from);
}

}  // namespace

TlsFacts tls_facts(SSL* ssl, bool checked) {
  TlsFacts facts;
  facts.version = text(SSL_get_version(ssl));
  facts.cipher = text(SSL_get_cipher_name(ssl));
  facts.server_name = text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  facts.resumed = SSL_session_reused(ssl) == 1;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size > 0) facts.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  const long verdict = SSL_get_verify_result(ssl);
  facts.verified = checked ? (verdict == X509_V_OK ? "ok" : X509_verify_cert_error_string(verdict))
                           : "not checked";
  STACK_OF(X509)* own_others = nullptr;
  SSL_get0_chain_certs(ssl, &own_others);
  facts.own_chain = chain_pem(SSL_get_certificate(ssl), own_others);
  facts.peer_chain = chain_pem(SSL_get0_peer_certificate(ssl), SSL_get_peer_cert_chain(ssl));
  return facts;
}

}  // namespace understudy
