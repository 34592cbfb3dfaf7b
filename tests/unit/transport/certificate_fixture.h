// A directory of its own with an authority in it, and what tests ask of certificates. For tests of
// one thread.
#pragma once

#include "protocols/transport/cert_authority.h"
#include "protocols/transport/certificate_maker.h"
#include "protocols/transport/private_key.h"
#include "protocols/transport/small_file.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace understudy {

inline std::chrono::sys_seconds now() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

inline ServerName server_name(std::string_view text) {
  return ServerName::parse(text, ErrorSource::Client).value();
}

/// "ok", or OpenSSL's reason why it does not trust `leaf` under `root` as a TLS server's.
inline std::string verdict(X509* leaf, X509* root) {
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                      X509_STORE_free);
  X509_STORE_add_cert(store.get(), root);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(
      X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), X509_V_FLAG_X509_STRICT);
  X509_verify_cert(context.get());
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

class CertificateTest : public testing::Test {
 protected:
  CertificateTest() {
    std::string name = (std::filesystem::temp_directory_path() / "certificate-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~CertificateTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view name) const { return (folder_ / name).string(); }

  std::string write(std::string_view name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  static std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static mode_t mode(const std::string& file) {
    return static_cast<mode_t>(std::filesystem::status(file).permissions());
  }

  std::shared_ptr<CertAuthority> authority(AuthorityOptions options = {}) const {
    auto opened = CertAuthority::open(path("ca"), std::move(options));
    if (!opened) {
      ADD_FAILURE() << describe(opened.error());
      return nullptr;
    }
    return *opened;
  }

  std::filesystem::path folder_;
};

}  // namespace understudy
