#include "protocols/transport/certificate_maker.h"

#include "protocols/transport/certificate.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <initializer_list>
#include <memory>

namespace understudy {

namespace {

constexpr const char* kOrganisation = "Understudy";
constexpr std::size_t kMaxCommonName = 64;  // ub-common-name, RFC 5280 appendix A.1
constexpr std::size_t kSerialOctets = 20;   // the most that RFC 5280 §4.1.2.2 allows
constexpr int kDigitalSignature = 0, kKeyEncipherment = 2, kKeyCertSign = 5, kCrlSign = 6;

template <class T, void (*Free)(T*)>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, FreeWith<T, Free>>;

Error cannot_make(std::string_view what) {
  return {ErrorSource::Internal, "",
          fmt::format("cannot make the certificate of {}: {}", what, openssl_reason())};
}

/// Random, positive, always of full length: no two certificates of one issuer share a serial.
bool set_serial(X509* certificate) {
  std::array<unsigned char, kSerialOctets> octets{};
  if (RAND_bytes(octets.data(), octets.size()) != 1) return false;
  octets[0] = static_cast<unsigned char>((octets[0] & 0x3f) | 0x40);
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(octets.data(), octets.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, Validity validity) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       validity.not_before.time_since_epoch().count()) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate),
                       validity.not_after.time_since_epoch().count()) != nullptr;
}

bool set_subject(X509* certificate, const std::string& common_name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto add = [&](int nid, const std::string& text) {
    return X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  // The organisation keeps the subject from being empty, which would make the SAN critical.
  if (!add(NID_organizationName, kOrganisation)) return false;
  return common_name.size() > kMaxCommonName || add(NID_commonName, common_name);
}

bool add_extension(X509* certificate, int nid, void* value, bool critical) {
  return value != nullptr && X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, 0) == 1;
}

bool add_key_usage(X509* certificate, std::initializer_list<int> bits) {
  const Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(ASN1_BIT_STRING_new());
  for (const int bit : bits)
    ASN1_BIT_STRING_set_bit(usage.get(), bit, 1);
  return add_extension(certificate, NID_key_usage, usage.get(), true);
}

bool add_subject_key_id(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> id(ASN1_OCTET_STRING_new());
  return X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size) == 1 &&
         ASN1_OCTET_STRING_set(id.get(), digest.data(), static_cast<int>(size)) == 1 &&
         add_extension(certificate, NID_subject_key_identifier, id.get(), false);
}

/// Names the issuer's key, for validators that know several roots of one name.
bool add_authority_key_id(X509* certificate, X509* issuer) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(issuer);
  if (id == nullptr) return true;
  const Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free> authority(AUTHORITY_KEYID_new());
  authority->keyid = ASN1_OCTET_STRING_dup(id);
  return add_extension(certificate, NID_authority_key_identifier, authority.get(), false);
}

bool add_authority_constraints(X509* certificate) {
  const Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(BASIC_CONSTRAINTS_new());
  constraints->ca = 1;
  constraints->pathlen = ASN1_INTEGER_new();
  ASN1_INTEGER_set(constraints->pathlen, 0);
  return add_extension(certificate, NID_basic_constraints, constraints.get(), true);
}

bool add_server_usage(X509* certificate) {
  const Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(EXTENDED_KEY_USAGE_new());
  sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_server_auth));
  return add_extension(certificate, NID_ext_key_usage, usage.get(), false);
}

bool add_names(X509* certificate, std::span<const ServerName> names) {
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> list(GENERAL_NAMES_new());
  for (const ServerName& name : names) {
    const std::string& octets = name.is_address() ? name.octets() : name.text();
    ASN1_STRING* value = name.is_address() ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    ASN1_STRING_set(value, octets.data(), static_cast<int>(octets.size()));
    GENERAL_NAME* entry = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(entry, name.is_address() ? GEN_IPADD : GEN_DNS, value);
    sk_GENERAL_NAME_push(list.get(), entry);
  }
  return add_extension(certificate, NID_subject_alt_name, list.get(), false);
}

/// What roots and leaves share; the issuer's name is not set.
X509Ptr begin(EVP_PKEY* key, const std::string& name, Validity validity) {
  X509Ptr certificate(X509_new());
  const bool made = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    set_serial(certificate.get()) && set_validity(certificate.get(), validity) &&
                    set_subject(certificate.get(), name) &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  return made ? std::move(certificate) : nullptr;
}

/// The same, as read from its own bytes. OpenSSL sends those as they are, where it would encode
/// what it was told piece by piece anew, in each handshake.
X509Ptr read_back(const X509Ptr& made) {
  const std::string der = certificate_der(made.get());
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  return X509Ptr(d2i_X509(nullptr, &begin, static_cast<long>(der.size())));
}

}  // namespace

Result<X509Ptr> make_root(EVP_PKEY* key, const std::string& name, Validity validity) {
  X509Ptr root = begin(key, name, validity);
  const bool made = root && X509_set_issuer_name(root.get(), X509_get_subject_name(root.get())) &&
                    add_authority_constraints(root.get()) &&
                    add_key_usage(root.get(), {kKeyCertSign, kCrlSign}) &&
                    add_subject_key_id(root.get()) && X509_sign(root.get(), key, EVP_sha256()) > 0;
  if (!made) return std::unexpected(cannot_make(name));
  return root;
}

Result<X509Ptr> make_leaf(Issuer issuer, EVP_PKEY* key, std::span<const ServerName> names,
                          Validity validity) {
  const std::string& name = names.front().text();
  X509Ptr leaf = begin(key, name, validity);
  bool made = leaf && X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer.certificate));
  // TLS 1.2 without ephemeral keys, which old clients still ask for, encrypts to an RSA key.
  made = made && (EVP_PKEY_is_a(key, "RSA") == 1
                      ? add_key_usage(leaf.get(), {kDigitalSignature, kKeyEncipherment})
                      : add_key_usage(leaf.get(), {kDigitalSignature}));
  made = made && add_server_usage(leaf.get()) && add_names(leaf.get(), names) &&
         add_subject_key_id(leaf.get()) && add_authority_key_id(leaf.get(), issuer.certificate) &&
         X509_sign(leaf.get(), issuer.key, EVP_sha256()) > 0;
  if (made) leaf = read_back(leaf);
  if (!made || !leaf) return std::unexpected(cannot_make(name));
  return leaf;
}

}  // namespace understudy
