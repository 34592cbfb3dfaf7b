#include "protocols/transport/certificate.h"

#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <ctime>
#include <utility>

namespace understudy {

namespace {

std::chrono::sys_seconds instant(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_STRING* octets) {
  const int size = ASN1_STRING_length(octets);
  if (size != 4 && size != 16) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(octets), text.data(),
            text.size());
  return text.data();
}

std::string common_name(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::string subject_text(X509* certificate, unsigned long flags) {
  const BioPtr out = memory_bio();
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     flags & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return written(out);
}

struct NamesFree {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

}  // namespace

CertificateFacts certificate_facts(X509* certificate) {
  CertificateFacts facts;
  facts.subject = subject_text(certificate, XN_FLAG_ONELINE);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  for (unsigned i = 0; i < size; ++i) {
    facts.sha256 += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest.at(i));
  }
  facts.not_before = instant(X509_get0_notBefore(certificate));
  facts.not_after = instant(X509_get0_notAfter(certificate));
  return facts;
}

std::string subject_rfc2253(X509* certificate) {
  return subject_text(certificate, XN_FLAG_RFC2253);
}

std::string certificate_pem(X509* certificate) {
  const BioPtr out = memory_bio();
  PEM_write_bio_X509(out.get(), certificate);
  return written(out);
}

std::string certificate_der(X509* certificate) {
  const BioPtr out = memory_bio();
  i2d_X509_bio(out.get(), certificate);
  return written(out);
}

Result<std::vector<X509Ptr>> read_certificates_pem(const std::string& text,
                                                   const std::string& where, ErrorSource blame) {
  const BioPtr in = reading(text);
  std::vector<X509Ptr> found;
  ERR_clear_error();
  while (X509Ptr next{PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr)}) {
    found.push_back(std::move(next));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_reason();
  if (!at_end) {
    return std::unexpected(Error(
        blame, where, fmt::format("certificate {} cannot be read: {}", found.size() + 1, reason)));
  }
  if (found.empty()) return std::unexpected(Error(blame, where, "has no certificate in PEM"));
  return found;
}

std::vector<std::string> certificate_hosts(X509* certificate) {
  std::vector<std::string> hosts;
  const std::unique_ptr<GENERAL_NAMES, NamesFree> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    std::string host;
    if (type == GEN_DNS) host = text_of(static_cast<const ASN1_STRING*>(value));
    if (type == GEN_IPADD) host = address_text(static_cast<const ASN1_STRING*>(value));
    if (!host.empty()) hosts.push_back(std::move(host));
  }
  if (hosts.empty() && !common_name(certificate).empty()) hosts.push_back(common_name(certificate));
  return hosts;
}

bool is_authority(X509* certificate) {
  return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
}

std::string validity_text(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time.time_since_epoch().count()));
}

}  // namespace understudy
