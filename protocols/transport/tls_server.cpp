#include "protocols/transport/tls_server.h"

#include "protocols/transport/ssl_place.h"

#include <openssl/obj_mac.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace understudy {

namespace {

/// Forward secrecy and AEAD only (RFC 9325 §4.2): what a scanner expects of a server today. Old
/// partners: `ciphers`.
constexpr const char* kServerCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kSessionContext[] = "understudy";

struct Served {
  std::shared_ptr<const TlsServerContext> context;
  std::vector<std::string> names;  ///< what a client that names no host may have connected to
};

const SslPlace<Served>& served_place() {
  static const SslPlace<Served> place;
  return place;
}

/// The host that the client named.
const SslPlace<ServerName>& asked_place() {
  static const SslPlace<ServerName> place;
  return place;
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

/// The name in a client's hello, as it came. Empty = none, or an extension that OpenSSL refuses.
///
///   list = size(2) *( type(1) size(2) name )       one name of type 0, host_name (RFC 6066 §3)
std::string_view name_in_hello(SSL* ssl) {
  constexpr std::size_t kBefore = 5;
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return {};
  if (size < kBefore || data[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t name_size = data[3] * std::size_t{256} + data[4];
  if (name_size > size - kBefore) return {};
  return {reinterpret_cast<const char*>(data) + kBefore, name_size};
}

/// Of what a client offers, the one to agree on before anybody knows what the upstream speaks:
/// "http/1.1", which every web server does, rather than the "h2" that clients would like better;
/// else its first. `offered` is well-formed and not empty.
std::string_view safest_offer(std::string_view offered) {
  constexpr std::string_view kEveryWebServer = "http/1.1";
  const auto first = static_cast<unsigned char>(offered[0]);
  for (std::string_view rest = offered; !rest.empty();) {
    const std::string_view name = rest.substr(1, static_cast<unsigned char>(rest[0]));
    if (name == kEveryWebServer) return name;
    rest.remove_prefix(1 + name.size());
  }
  return offered.substr(1, first);
}

/// OpenSSL refuses these itself, in words that do not tell why.
bool is_refused_anyway(std::string_view name) {
  return name.size() > TLSEXT_MAXLEN_host_name || name.find('\0') != std::string_view::npos;
}

std::vector<ServerName> readable(const std::vector<std::string>& texts) {
  std::vector<ServerName> names;
  for (const std::string& text : texts) {
    const auto name = ServerName::parse(text, ErrorSource::Config);
    if (name && std::ranges::find(names, *name) == names.end()) names.push_back(*name);
  }
  return names;
}

}  // namespace

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::make(
    TlsServerOptions options, SharedCertificateSource certificates) {
  std::shared_ptr<TlsServerContext> made(new TlsServerContext());
  made->options_ = std::move(options);
  made->alpn_ = alpn_wire(made->options_.alpn);
  made->certificates_ = std::move(certificates);
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) {
    return std::unexpected(Error(ErrorSource::Internal, "TLS", openssl_reason()));
  }
  SSL_CTX_set_cipher_list(context, kServerCiphers);
  auto done = apply_basics(context, made->options_.basics);
  if (done) done = made->try_certificate();
  if (!done) return std::unexpected(std::move(done.error()));
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_client_hello_cb(context, read_hello, made.get());
  SSL_CTX_set_cert_cb(context, choose_certificate, made.get());
  SSL_CTX_set_alpn_select_cb(context, choose_alpn, made.get());
  if (made->options_.ask_client_certificate) {
    // Asked for and recorded; whether it is good is the real system's to judge.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  }
  return made;
}

/// One that is shown to all must be fit for use: too short a key, say, shows here.
Result<void> TlsServerContext::try_certificate() {
  if (certificates_->goes_by_name()) return {};
  const Result<SharedCertifiedKey> found = certificates_->find({}, LeafKind::Ecdsa);
  if (!found) return std::unexpected(found.error());
  const CertifiedKey& pair = **found;
  if (SSL_CTX_use_cert_and_key(context_.get(), pair.certificate(), pair.key(), pair.chain(), 1) ==
      1) {
    return {};
  }
  return std::unexpected(Error(ErrorSource::Config, "cert", "cannot be used: " + openssl_reason()));
}

SslHandle TlsServerContext::connection(std::vector<std::string> names) {
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl) return ssl;
  SSL_set_accept_state(ssl.get());
  served_place().put(ssl.get(), {shared_from_this(), std::move(names)});
  return ssl;
}

int TlsServerContext::read_hello(SSL* ssl, int* alert, void* self) {
  const auto* context = static_cast<const TlsServerContext*>(self);
  const std::string_view asked = name_in_hello(ssl);
  const bool matters = context->certificates_->goes_by_name() || is_refused_anyway(asked);
  if (asked.empty() || !matters) return SSL_CLIENT_HELLO_SUCCESS;
  const Result<ServerName> name = ServerName::parse(asked, ErrorSource::Client);
  if (name) {
    asked_place().put(ssl, *name);
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  refusal_place().put(ssl, name.error().what);
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_CLIENT_HELLO_ERROR;
}

int TlsServerContext::choose_certificate(SSL* ssl, void* self) {
  const auto* context = static_cast<const TlsServerContext*>(self);
  const ServerName* asked = asked_place().of(ssl);
  const std::vector<ServerName> names =
      asked != nullptr ? std::vector{*asked} : readable(served_place().of(ssl)->names);
  if (names.empty() && context->certificates_->goes_by_name()) {
    refusal_place().put(ssl, "the client names no host, and none is known for it");
    return 0;
  }
  const Result<SharedCertifiedKey> found = context->certificates_->find(names, kind_for(ssl));
  if (!found) {
    refusal_place().put(ssl, describe(found.error()));
    return 0;
  }
  const CertifiedKey& pair = **found;
  if (SSL_use_cert_and_key(ssl, pair.certificate(), pair.key(), pair.chain(), 1) != 1) {
    refusal_place().put(ssl, "its certificate cannot be used: " + openssl_reason());
    return 0;
  }
  shown_place().put(ssl, *found);
  return 1;
}

int TlsServerContext::choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                                  const unsigned char* offered, unsigned offered_size, void* self) {
  const std::string& ours = static_cast<const TlsServerContext*>(self)->alpn_;
  if (ours.empty()) {  // OpenSSL has checked the list
    const std::string_view name =
        safest_offer({reinterpret_cast<const char*>(offered), offered_size});
    *out = reinterpret_cast<const unsigned char*>(name.data());
    *out_size = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
  }
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  *out = chosen;
  // A client that offers nothing we know may still speak it: no answer, instead of an alert.
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace understudy
