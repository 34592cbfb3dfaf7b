#include "protocols/transport/tls_facts.h"

#include "protocols/transport/certificate.h"
#include "protocols/transport/ssl_place.h"

#include <openssl/x509_vfy.h>

namespace understudy {

namespace {

std::string text(const char* from) {
  return from == nullptr ? std::string() : std::string(from);
}

std::string verdict_text(const SSL* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  return verdict == X509_V_OK ? "ok" : X509_verify_cert_error_string(verdict);
}

/// What a server is sent is its client's certificate and, apart from it, the chain above; what a
/// client is sent is the whole chain.
void add_peer(const SSL* ssl, TlsFacts& facts) {
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return;
  facts.peer_subject = subject_rfc2253(leaf);
  if (SSL_is_server(ssl) == 1) facts.peer_chain = certificate_pem(leaf);
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i)
    facts.peer_chain += certificate_pem(sk_X509_value(chain, i));
}

}  // namespace

TlsFacts tls_facts(const SSL* ssl, bool checked) {
  TlsFacts facts;
  if (SSL_is_init_finished(ssl) == 1) {
    facts.version = text(SSL_get_version(ssl));
    facts.cipher = text(SSL_get_cipher_name(ssl));
  }
  facts.server_name = text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  facts.resumed = SSL_session_reused(ssl) == 1;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size > 0) facts.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  facts.verified = checked ? verdict_text(ssl) : "not checked";
  if (const SharedCertifiedKey* shown = shown_place().of(ssl)) facts.own_chain = (*shown)->pem();
  add_peer(ssl, facts);
  return facts;
}

}  // namespace understudy
