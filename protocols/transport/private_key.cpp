#include "protocols/transport/private_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <fmt/format.h>

namespace understudy {

namespace {

constexpr unsigned kRsaBits = 2048;

Error cannot_make(const char* kind) {
  return {ErrorSource::Internal, "",
          fmt::format("cannot make an {} key: {}", kind, openssl_reason())};
}

int go_on(EVP_PKEY_CTX* context) {
  const auto* stop = static_cast<const std::stop_token*>(EVP_PKEY_CTX_get_app_data(context));
  return stop->stop_requested() ? 0 : 1;
}

/// Asked for a password, which nobody could type here: notes it and gives none.
int refuse_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

Result<EvpKeyPtr> make_ecdsa_key() {
  EvpKeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return std::unexpected(cannot_make("ECDSA"));
  return key;
}

Result<EvpKeyPtr> make_rsa_key(const std::stop_token& stop) {
  const EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), kRsaBits) != 1) {
    return std::unexpected(cannot_make("RSA"));
  }
  std::stop_token asked = stop;
  EVP_PKEY_CTX_set_app_data(context.get(), &asked);
  EVP_PKEY_CTX_set_cb(context.get(), go_on);
  EVP_PKEY* made = nullptr;
  EVP_PKEY_generate(context.get(), &made);
  if (made == nullptr) return std::unexpected(cannot_make("RSA"));
  return EvpKeyPtr(made);
}

std::string private_key_pem(EVP_PKEY* key) {
  const BioPtr out = memory_bio();
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return written(out);
}

Result<EvpKeyPtr> read_private_key_pem(const std::string& text, const std::string& where,
                                       ErrorSource blame) {
  ERR_clear_error();
  bool asked = false;
  EvpKeyPtr key(PEM_read_bio_PrivateKey(reading(text).get(), nullptr, refuse_password, &asked));
  if (key) {
    ERR_clear_error();
    return key;
  }
  const bool absent = text.find("PRIVATE KEY-----") == std::string::npos;
  const std::string reason = openssl_reason();
  if (asked) {
    return std::unexpected(
        Error(blame, where,
              "the private key is protected by a password; write it without one: openssl pkey -in "
              "KEY -out PLAIN-KEY"));
  }
  if (absent) return std::unexpected(Error(blame, where, "has no private key in PEM"));
  return std::unexpected(
      Error(blame, where, fmt::format("the private key cannot be read: {}", reason)));
}

}  // namespace understudy
