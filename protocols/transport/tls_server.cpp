#include "protocols/transport/tls_server.h"

#include <openssl/obj_mac.h>

#include <utility>

namespace understudy {

namespace {

/// Forward secrecy and AEAD only (RFC 9325 §4.2): what a scanner expects of a server today. Old
/// partners: `ciphers`.
constexpr const char* kServerCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kSessionContext[] = "understudy";

int place_of_fallback() {
  static const int index = place_for_text();
  return index;
}

/// TLS 1.3 ciphers go with any certificate; below, the cipher names it.
bool has_ecdsa_cipher(SSL* ssl) {
  const STACK_OF(SSL_CIPHER)* offered = SSL_get_client_ciphers(ssl);
  for (int i = 0; i < sk_SSL_CIPHER_num(offered); ++i) {
    const int auth = SSL_CIPHER_get_auth_nid(sk_SSL_CIPHER_value(offered, i));
    if (auth == NID_auth_ecdsa || auth == NID_auth_any) return true;
  }
  return false;
}

/// No list at all is a client of before TLS 1.2, which the ciphers speak for.
bool has_ecdsa_signature(SSL* ssl) {
  const int count = SSL_get_shared_sigalgs(ssl, 0, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < count; ++i) {
    int sign = 0;
    SSL_get_shared_sigalgs(ssl, i, &sign, nullptr, nullptr, nullptr, nullptr);
    if (sign == EVP_PKEY_EC) return true;
  }
  return count == 0;
}

LeafKind kind_for(SSL* ssl) {
  return has_ecdsa_cipher(ssl) && has_ecdsa_signature(ssl) ? LeafKind::Ecdsa : LeafKind::Rsa;
}

}  // namespace

CertificateSource leaves_of(std::shared_ptr<CertAuthority> authority) {
  return [authority = std::move(authority)](const std::string& text,
                                            LeafKind kind) -> SharedCertifiedKey {
    const auto name = ServerName::parse(text, ErrorSource::Client);
    if (!name) return nullptr;
    auto leaf = authority->leaf(*name, kind);
    return leaf ? std::move(*leaf) : nullptr;
  };
}

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::make(TlsServerOptions options,
                                                                 CertificateSource certificates) {
  std::shared_ptr<TlsServerContext> made(new TlsServerContext());
  made->options_ = std::move(options);
  made->alpn_ = alpn_wire(made->options_.basics.alpn);
  made->certificates_ = std::move(certificates);
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) {
    return std::unexpected(Error(ErrorSource::Internal, "TLS", openssl_reason()));
  }
  SSL_CTX_set_cipher_list(context, kServerCiphers);
  if (auto done = apply_basics(context, made->options_.basics); !done) {
    return std::unexpected(std::move(done.error()));
  }
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_cert_cb(context, choose_certificate, made.get());
  if (!made->alpn_.empty()) SSL_CTX_set_alpn_select_cb(context, choose_alpn, made.get());
  if (made->options_.ask_client_certificate) {
    // Asked for and recorded; whether it is good is the real system's to judge.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  return made;
}

SslHandle TlsServerContext::connection(const std::string& fallback) {
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl) return ssl;
  SSL_set_accept_state(ssl.get());
  if (!fallback.empty()) SSL_set_ex_data(ssl.get(), place_of_fallback(), new std::string(fallback));
  return ssl;
}

int TlsServerContext::choose_certificate(SSL* ssl, void* self) {
  const auto* context = static_cast<const TlsServerContext*>(self);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto* own = static_cast<const std::string*>(SSL_get_ex_data(ssl, place_of_fallback()));
  const std::string name = asked != nullptr ? asked
                           : own != nullptr ? *own
                                            : context->options_.fallback_name;
  const SharedCertifiedKey found = context->certificates_(name, kind_for(ssl));
  if (!found) return 0;
  return SSL_use_cert_and_key(ssl, found->certificate(), found->key(), found->chain(), 1);
}

int TlsServerContext::choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                                  const unsigned char* offered, unsigned offered_size, void* self) {
  const std::string& ours = static_cast<const TlsServerContext*>(self)->alpn_;
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  *out = chosen;
  // A client that offers nothing we know may still speak it: no answer, instead of an alert.
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace understudy
