#include "protocols/transport/tls_context.h"

#include "protocols/transport/key_pair_file.h"
#include "protocols/transport/openssl_ptr.h"

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

int place_of_owner() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int place_of_destination() {
  static const int index = place_for_text();
  return index;
}

}  // namespace

int place_for_text() {
  return SSL_get_ex_new_index(0, nullptr, nullptr, nullptr,
                              [](void*, void* text, CRYPTO_EX_DATA*, int, long, void*) {
                                delete static_cast<std::string*>(text);
                              });
}

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
  const std::string alpn = alpn_wire(made->options_.basics.alpn);
  if (!alpn.empty()) {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
  }
  SSL_CTX_set_ex_data(context, place_of_owner(), made.get());
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
  const CertifiedKey& pair = *own->pair;
  if (SSL_CTX_use_cert_and_key(context_.get(), pair.certificate(), pair.key(), pair.chain(), 1) ==
      1) {
    return {};
  }
  return std::unexpected(wrong(options_.certificate, openssl_reason()));
}

Result<SslHandle> TlsClientContext::connection(const std::string& server_name,
                                               const std::string& destination) {
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl) return std::unexpected(Error(ErrorSource::Internal, "TLS", openssl_reason()));
  SSL_set_connect_state(ssl.get());
  bool fine = true;
  if (is_address(server_name)) {
    fine = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), server_name.c_str()) == 1;
  } else {
    // What SSL_set_tlsext_host_name() does, without its C cast.
    fine = SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    const_cast<char*>(server_name.c_str())) == 1 &&
           SSL_set1_host(ssl.get(), server_name.c_str()) == 1;
  }
  if (!fine) {
    return std::unexpected(wrong(
        server_name, "is no name that a certificate can be checked for: " + openssl_reason()));
  }
  SSL_set_ex_data(ssl.get(), place_of_destination(), new std::string(destination));
  const std::lock_guard guard(mutex_);
  const auto known = sessions_.find(destination);
  if (known != sessions_.end()) SSL_set_session(ssl.get(), known->second.get());
  return ssl;
}

int TlsClientContext::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* owner =
      static_cast<TlsClientContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place_of_owner()));
  const auto* destination =
      static_cast<const std::string*>(SSL_get_ex_data(ssl, place_of_destination()));
  if (owner == nullptr || destination == nullptr) return 0;
  const std::lock_guard guard(owner->mutex_);
  if (owner->sessions_.size() >= kMaxSessions) owner->sessions_.clear();
  owner->sessions_[*destination].reset(session);
  return 1;  // the session is ours now
}

}  // namespace understudy
