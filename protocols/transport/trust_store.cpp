#include "protocols/transport/trust_store.h"

#include "protocols/transport/certificate.h"
#include "protocols/transport/small_file.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

namespace understudy {

namespace {

/// What Java's PKCS12 key store looks for: attribute trustedKeyUsage of Oracle, here with the value
/// anyExtendedKeyUsage.
constexpr const char* kTrustedKeyUsage = "2.16.840.1.113894.746875.1.1";
constexpr int kMacRounds = 2048;
constexpr std::size_t kMaxBundle = std::size_t{16} << 20;  // Debian's is 220 KiB

/// Debian, Ubuntu, Alpine; Fedora, RHEL; openSUSE; macOS and BSDs.
constexpr std::array kSystemRoots{
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

struct BagsFree {
  void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const {
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  }
};
using BagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), BagsFree>;

struct SafesFree {
  void operator()(STACK_OF(PKCS7) * safes) const { sk_PKCS7_pop_free(safes, PKCS7_free); }
};

bool add_bag(STACK_OF(PKCS12_SAFEBAG) * bags, X509* certificate, const std::string& alias) {
  PKCS12_SAFEBAG* bag = PKCS12_SAFEBAG_create_cert(certificate);
  if (bag == nullptr || sk_PKCS12_SAFEBAG_push(bags, bag) <= 0) {
    PKCS12_SAFEBAG_free(bag);
    return false;
  }
  // With a length of -1 OpenSSL takes the value as the ASN1_OBJECT itself.
  const auto* usage = reinterpret_cast<const unsigned char*>(OBJ_nid2obj(NID_anyExtendedKeyUsage));
  return PKCS12_add_friendlyname_utf8(bag, alias.c_str(), -1) == 1 &&
         PKCS12_add1_attr_by_txt(bag, kTrustedKeyUsage, V_ASN1_OBJECT, usage, -1) == 1;
}

Result<std::vector<X509Ptr>> system_certificates(const std::string& file) {
  if (file.empty()) return std::vector<X509Ptr>();
  const Result<std::string> text = read_small_file(file, kMaxBundle, ErrorSource::Environment);
  if (!text) return std::unexpected(text.error());
  return read_certificates_pem(*text, file, ErrorSource::Environment);
}

}  // namespace

std::string system_roots_file() {
  if (const char* named = std::getenv("SSL_CERT_FILE"); named != nullptr) {
    if (::access(named, R_OK) == 0) return named;
  }
  for (const char* file : kSystemRoots) {
    if (::access(file, R_OK) == 0) return file;
  }
  return "";
}

Result<std::string> java_trust_store(std::span<X509* const> certificates) {
  const BagsPtr bags(sk_PKCS12_SAFEBAG_new_null());
  bool made = true;
  for (std::size_t i = 0; made && i < certificates.size(); ++i) {
    made = add_bag(bags.get(), certificates[i],
                   i == 0 ? "understudy" : fmt::format("system-root-{}", i));
  }
  STACK_OF(PKCS7)* raw_safes = nullptr;
  made = made && PKCS12_add_safe(&raw_safes, bags.get(), -1, 0, nullptr) == 1;  // -1: not encrypted
  const std::unique_ptr<STACK_OF(PKCS7), SafesFree> safes(raw_safes);
  const Pkcs12Ptr store(made ? PKCS12_add_safes(safes.get(), 0) : nullptr);
  // SHA-1, since Java before 8u301 checks no other; there is nothing to protect but against
  // accidents.
  made = store && PKCS12_set_mac(store.get(), kTrustStorePassword, -1, nullptr, 0, kMacRounds,
                                 EVP_sha1()) == 1;
  const BioPtr out = memory_bio();
  if (made && i2d_PKCS12_bio(out.get(), store.get()) == 1) return written(out);
  return std::unexpected(Error(ErrorSource::Internal, "",
                               fmt::format("cannot make a trust store: {}", openssl_reason())));
}

Result<std::size_t> write_trust_bundle(const std::string& path, X509* root,
                                       const std::string& system_roots) {
  const Result<std::vector<X509Ptr>> system = system_certificates(system_roots);
  if (!system) return std::unexpected(system.error());
  std::string bundle = certificate_pem(root);
  for (const X509Ptr& certificate : *system)
    bundle += certificate_pem(certificate.get());
  if (Result<void> done = replace_file(path, bundle, 0644); !done) {
    return std::unexpected(done.error());
  }
  return system->size();
}

Result<std::size_t> write_java_trust_store(const std::string& path, X509* root,
                                           const std::string& system_roots) {
  const Result<std::vector<X509Ptr>> system = system_certificates(system_roots);
  if (!system) return std::unexpected(system.error());
  std::vector<X509*> all{root};
  for (const X509Ptr& certificate : *system)
    all.push_back(certificate.get());
  const Result<std::string> store = java_trust_store(all);
  if (!store) return std::unexpected(store.error());
  if (Result<void> done = replace_file(path, *store, 0644); !done) {
    return std::unexpected(done.error());
  }
  return system->size();
}

}  // namespace understudy
