#include "protocols/transport/key_pair_file.h"

#include "protocols/transport/certificate.h"
#include "protocols/transport/private_key.h"
#include "protocols/transport/small_file.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <utility>

namespace understudy {

namespace {

std::unexpected<Error> refuse(const std::string& where, std::string what) {
  return std::unexpected(Error(ErrorSource::Config, where, std::move(what)));
}

/// A file without a password is protected by none, or by an empty one.
bool opens_without_password(PKCS12* file) {
  return PKCS12_mac_present(file) != 1 || PKCS12_verify_mac(file, nullptr, 0) == 1 ||
         PKCS12_verify_mac(file, "", 0) == 1;
}

std::string not_together(const std::string& certificate) {
  return fmt::format("this private key does not belong to the first certificate in {}",
                     certificate);
}

}  // namespace

bool looks_like_der(const std::string& content) {
  return content.starts_with('\x30') && content.find("-----BEGIN") == std::string::npos;
}

std::vector<std::string> server_warnings(const LoadedPair& loaded) {
  std::vector<std::string> warnings = loaded.warnings;
  if (loaded.hosts.empty()) {
    warnings.push_back(loaded.file + ": the certificate names no host; clients will refuse it");
  }
  return warnings;
}

LoadedPair make_pair_of(std::vector<X509Ptr> certificates, EvpKeyPtr key, const std::string& file,
                        std::chrono::sys_seconds now) {
  LoadedPair loaded;
  X509* first = certificates.front().get();
  const CertificateFacts facts = certificate_facts(first);
  loaded.file = file;
  loaded.hosts = certificate_hosts(first);
  if (facts.not_after < now) {
    loaded.warnings.push_back(
        fmt::format("{}: the certificate expired on {}; who checks it will refuse it", file,
                    validity_text(facts.not_after)));
  }
  if (facts.not_before > now) {
    loaded.warnings.push_back(fmt::format("{}: the certificate is not valid before {}", file,
                                          validity_text(facts.not_before)));
  }
  X509StackPtr chain(sk_X509_new_null());
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    sk_X509_push(chain.get(), certificates[i].release());
  }
  loaded.pair = std::make_shared<const CertifiedKey>(std::move(certificates.front()),
                                                     std::move(key), std::move(chain));
  return loaded;
}

Result<LoadedPair> read_pkcs12_pair(const std::string& content, const std::string& where,
                                    std::chrono::sys_seconds now) {
  ERR_clear_error();
  const BioPtr in = reading(content);
  const Pkcs12Ptr file(d2i_PKCS12_bio(in.get(), nullptr));
  if (!file) {
    ERR_clear_error();
    return refuse(where,
                  "is neither PEM nor PKCS#12; a certificate in DER becomes PEM by: openssl "
                  "x509 -inform der -in FILE -out PEM-FILE");
  }
  if (!opens_without_password(file.get())) {
    ERR_clear_error();
    return refuse(where,
                  "is protected by a password; write it without one: openssl pkcs12 -in FILE "
                  "-nodes -out PEM-FILE");
  }
  EVP_PKEY* raw_key = nullptr;
  X509* raw_certificate = nullptr;
  STACK_OF(X509)* raw_chain = nullptr;
  const bool parsed =
      PKCS12_parse(file.get(), nullptr, &raw_key, &raw_certificate, &raw_chain) == 1;
  EvpKeyPtr key(raw_key);
  const X509StackPtr chain(raw_chain);
  std::vector<X509Ptr> certificates;
  certificates.emplace_back(raw_certificate);
  if (!parsed) {
    // OpenSSL 3 no longer reads what Windows and Java encrypted for decades (RC2 with 40 bits).
    return refuse(where, fmt::format("cannot be read: {}; if it was written by an old program: "
                                     "openssl pkcs12 -legacy -in FILE -nodes -out PEM-FILE",
                                     openssl_reason()));
  }
  if (!key || !certificates.front()) {
    return refuse(where, "has no private key with its certificate");
  }
  for (int i = 0; chain && i < sk_X509_num(chain.get()); ++i) {
    certificates.push_back(share(sk_X509_value(chain.get(), i)));
  }
  ERR_clear_error();
  return make_pair_of(std::move(certificates), std::move(key), where, now);
}

Result<LoadedPair> load_key_pair(const std::string& certificate, const std::string& key,
                                 std::chrono::sys_seconds now) {
  const Result<std::string> content =
      read_small_file(certificate, kMaxPairFile, ErrorSource::Config);
  if (!content) return std::unexpected(content.error());
  if (looks_like_der(*content)) {
    if (key.empty()) return read_pkcs12_pair(*content, certificate, now);
    return refuse(certificate, fmt::format("is not PEM; leave out the key {} if it is PKCS#12, "
                                           "which has its own",
                                           key));
  }
  Result<std::vector<X509Ptr>> list =
      read_certificates_pem(*content, certificate, ErrorSource::Config);
  if (!list) return std::unexpected(list.error());
  Result<std::string> key_text = *content;
  if (!key.empty()) key_text = read_small_file(key, kMaxPairFile, ErrorSource::Config);
  if (!key_text) return std::unexpected(key_text.error());
  const std::string& key_file = key.empty() ? certificate : key;
  Result<EvpKeyPtr> private_key = read_private_key_pem(*key_text, key_file, ErrorSource::Config);
  if (!private_key) return std::unexpected(private_key.error());
  if (X509_check_private_key(list->front().get(), private_key->get()) != 1) {
    ERR_clear_error();
    return refuse(key_file, not_together(certificate));
  }
  return make_pair_of(std::move(*list), std::move(*private_key), certificate, now);
}

}  // namespace understudy
