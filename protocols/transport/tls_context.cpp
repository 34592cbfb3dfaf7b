#include "protocols/transport/tls_context.h"

#include "protocols/transport/key_pair_file.h"
#include "protocols/transport/openssl_ptr.h"
#include "protocols/transport/ssl_place.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace understudy {

namespace {

/// Upstreams may be old; the connection is no weaker than what the application itself would accept.
constexpr const char* kClientCiphers = "DEFAULT";

struct Version {
  std::string_view name;
  int code;
};
constexpr std::array<Version, 4> kVersions{{{"1.0", TLS1_VERSION},
                                            {"1.1", TLS1_1_VERSION},
                                            {"1.2", TLS1_2_VERSION},
                                            {"1.3", TLS1_3_VERSION}}};

Error wrong(const std::string& where, std::string what) {
  return {ErrorSource::Config, where, std::move(what)};
}

/// The file of SSLKEYLOGFILE, opened once; null = not asked for, or it cannot be opened.
std::FILE* key_log_file() {
  static std::FILE* const file = [] {
    const char* path = std::getenv("SSLKEYLOGFILE");
    return path != nullptr && *path != '\0' ? std::fopen(path, "ae") : nullptr;
  }();
  return file;
}

void log_key(const SSL*, const char* line) {
  static std::mutex mutex;
  const std::lock_guard guard(mutex);
  std::fprintf(key_log_file(), "%s\n", line);
  std::fflush(key_log_file());
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> octets{};
  return inet_pton(AF_INET, host.c_str(), octets.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), octets.data()) == 1;
}

/// Where the session of a connection goes.
struct SessionPlace {
  std::shared_ptr<TlsClientContext> owner;
  std::string key;
};

const SslPlace<SessionPlace>& session_place() {
  static const SslPlace<SessionPlace> place;
  return place;
}

/// What a session is good for. No host has a zero octet.
std::string session_key(const std::string& server_name, const std::string& destination,
                        const std::string& alpn) {
  return destination + '\0' + server_name + '\0' + alpn;
}

/// Names the server: in SNI (RFC 6066 §3: names alone, without a final dot), and for the check of
/// its certificate.
bool set_server_name(SSL* ssl, std::string name) {
  if (is_address(name)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  }
  if (name.ends_with('.')) name.pop_back();
  // What SSL_set_tlsext_host_name() does, without its C cast.
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1 &&
         SSL_set1_host(ssl, name.c_str()) == 1;
}

bool offer(SSL* ssl, const std::string& alpn) {
  return alpn.empty() ||
         SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
                             static_cast<unsigned>(alpn.size())) == 0;  // here 0 is success
}

}  // namespace

Result<void> apply_basics(SSL_CTX* context, const TlsBasics& basics) {
  int lowest = TLS1_2_VERSION;
  if (!basics.min_version.empty()) {
    lowest = 0;
    for (const Version& version : kVersions) {
      if (version.name == basics.min_version) lowest = version.code;
    }
    if (lowest == 0) {
      return std::unexpected(wrong(
          "tlsMin", fmt::format("\"{}\": expected 1.0, 1.1, 1.2 or 1.3", basics.min_version)));
    }
  }
  SSL_CTX_set_min_proto_version(context, lowest);
  if (lowest < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);
  if (!basics.ciphers.empty() && SSL_CTX_set_cipher_list(context, basics.ciphers.c_str()) != 1) {
    return std::unexpected(wrong(
        "ciphers", fmt::format("\"{}\": expected a cipher list as `openssl ciphers` takes it: {}",
                               basics.ciphers, openssl_reason())));
  }
  if (key_log_file() != nullptr) SSL_CTX_set_keylog_callback(context, log_key);
  return {};
}

std::string alpn_wire(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::make(TlsClientOptions options) {
  std::shared_ptr<TlsClientContext> made(new TlsClientContext());
  made->options_ = std::move(options);
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr)
    return std::unexpected(Error(ErrorSource::Internal, "TLS", openssl_reason()));
  SSL_CTX_set_cipher_list(context, kClientCiphers);
  auto done = apply_basics(context, made->options_.basics);
  if (done) done = made->trust();
  if (done && !made->options_.certificate.empty()) done = made->use_own_certificate();
  if (!done) return std::unexpected(std::move(done.error()));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return made;
}

Result<void> TlsClientContext::trust() {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_verify(context, options_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_default_verify_paths(context);
  if (options_.ca_file.empty()) return {};
  if (SSL_CTX_load_verify_file(context, options_.ca_file.c_str()) == 1) return {};
  return std::unexpected(
      wrong(options_.ca_file, "no PEM certificates can be read from it: " + openssl_reason()));
}

Result<void> TlsClientContext::use_own_certificate() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto own = load_key_pair(options_.certificate, options_.key, now);
  if (!own) return std::unexpected(own.error());
  own_ = own->pair;
  warnings_ = own->warnings;
  if (SSL_CTX_use_cert_and_key(context_.get(), own_->certificate(), own_->key(), own_->chain(),
                               1) != 1) {
    return std::unexpected(wrong(options_.certificate, openssl_reason()));
  }
  SSL_CTX_set_cert_cb(context_.get(), note_certificate, this);
  return {};
}

/// Called where the server asks for ours.
int TlsClientContext::note_certificate(SSL* ssl, void* self) {
  shown_place().put(ssl, static_cast<const TlsClientContext*>(self)->own_);
  return 1;
}

Result<SslHandle> TlsClientContext::connection(const std::string& server_name,
                                               const std::string& destination,
                                               const std::vector<std::string>& alpn) {
  const std::string offers = alpn_wire(alpn);
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl || !offer(ssl.get(), offers)) {
    return std::unexpected(Error(ErrorSource::Internal, "TLS", openssl_reason()));
  }
  SSL_set_connect_state(ssl.get());
  if (!set_server_name(ssl.get(), server_name)) {
    return std::unexpected(wrong(
        server_name, "is no name that a certificate can be checked for: " + openssl_reason()));
  }
  std::string key = session_key(server_name, destination, offers);
  const std::lock_guard guard(mutex_);
  const auto known = sessions_.find(key);
  if (known != sessions_.end()) SSL_set_session(ssl.get(), known->second.get());
  session_place().put(ssl.get(), {shared_from_this(), std::move(key)});
  return ssl;
}

int TlsClientContext::keep_session(SSL* ssl, SSL_SESSION* session) {
  const SessionPlace* place = session_place().of(ssl);
  if (place == nullptr) return 0;
  TlsClientContext& owner = *place->owner;
  const std::lock_guard guard(owner.mutex_);
  if (owner.sessions_.size() >= kMaxSessions) owner.sessions_.clear();
  owner.sessions_[place->key].reset(session);
  return 1;  // the session is ours now
}

}  // namespace understudy
