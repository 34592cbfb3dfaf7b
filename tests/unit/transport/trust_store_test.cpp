#include "protocols/transport/trust_store.h"

#include <openssl/bio.h>
#include <openssl/pkcs12.h>

#include <cstdlib>
#include <vector>

#include "certificate_fixture.h"

namespace understudy {
namespace {

class TrustStoreTest : public CertificateTest {
 protected:
  /// A file of roots as a system has it, with `count` certificates and text between.
  [[nodiscard]] std::string system_roots(int count) const {
    std::string text;
    for (int i = 0; i < count; ++i) {
      const EvpKeyPtr key = make_ecdsa_key().value();
      const auto life = std::chrono::hours{1};
      text +=
          "# Root " + std::to_string(i) + "\n" +
          certificate_pem(make_root(key.get(), "Root " + std::to_string(i), {now(), now() + life})
                              .value()
                              .get());
    }
    return write("roots.pem", text);
  }

  static std::vector<std::string> subjects(const std::string& pem) {
    std::vector<std::string> found;
    const auto list = read_certificates_pem(pem, "bundle", ErrorSource::Internal);
    if (!list) return {describe(list.error())};
    for (const X509Ptr& certificate : *list)
      found.push_back(certificate_facts(certificate.get()).subject);
    return found;
  }

  /// Certificates of a trust store that is opened with its password.
  static int opened(const std::string& store) {
    const BioPtr in = reading(store);
    const Pkcs12Ptr file(d2i_PKCS12_bio(in.get(), nullptr));
    EVP_PKEY* key = nullptr;
    X509* own = nullptr;
    STACK_OF(X509)* rest = nullptr;
    if (!file || PKCS12_parse(file.get(), kTrustStorePassword, &key, &own, &rest) != 1) return -1;
    const X509StackPtr certificates(rest);
    EXPECT_EQ(key, nullptr);
    EXPECT_EQ(own, nullptr);
    return sk_X509_num(certificates.get());
  }

  std::shared_ptr<CertAuthority> ca_ = authority();
};

TEST_F(TrustStoreTest, ABundleHoldsOursAndTheSystems) {
  const auto added = write_trust_bundle(path("bundle.pem"), ca_->root(), system_roots(3));
  ASSERT_TRUE(added) << describe(added.error());
  EXPECT_EQ(*added, 3U);
  const auto found = subjects(contents(path("bundle.pem")));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found.front(), ca_->root_facts().subject);
  EXPECT_EQ(found.back(), "O = Understudy, CN = Root 2");
  EXPECT_EQ(mode(path("bundle.pem")), 0644U);
}

TEST_F(TrustStoreTest, WithoutSystemRootsItHoldsOurs) {
  EXPECT_EQ(write_trust_bundle(path("bundle.pem"), ca_->root(), ""), 0U);
  EXPECT_EQ(contents(path("bundle.pem")), ca_->root_pem());
}

TEST_F(TrustStoreTest, AJavaStoreMarksItsEntriesAsTrusted) {
  const auto added = write_java_trust_store(path("trust.p12"), ca_->root(), system_roots(2));
  ASSERT_TRUE(added) << describe(added.error());
  EXPECT_EQ(*added, 2U);
  const std::string store = contents(path("trust.p12"));
  EXPECT_EQ(opened(store), 3);
  // 2.16.840.1.113894.746875.1.1 with a set of one object, 2.5.29.37.0, once for each entry.
  const std::string attribute(
      "\x06\x0c\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01"
      "\x31\x06\x06\x04\x55\x1d\x25\x00",
      22);
  int marks = 0;
  for (std::size_t at = store.find(attribute); at != std::string::npos;
       at = store.find(attribute, at + 1)) {
    ++marks;
  }
  EXPECT_EQ(marks, 3);
}

TEST_F(TrustStoreTest, FaultsNameTheirFile) {
  const auto no_roots = write_trust_bundle(path("out"), ca_->root(), path("none"));
  ASSERT_FALSE(no_roots);
  EXPECT_EQ(no_roots.error().source, ErrorSource::Environment);
  EXPECT_EQ(no_roots.error().where, path("none"));
  const auto no_place = write_java_trust_store(path("none/out"), ca_->root(), "");
  ASSERT_FALSE(no_place);
  EXPECT_EQ(no_place.error().where, path("none/out"));
  EXPECT_EQ(no_place.error().source, ErrorSource::Environment);
  const auto no_certificate = write_trust_bundle(path("out"), ca_->root(), write("text", "hi\n"));
  ASSERT_FALSE(no_certificate);
  EXPECT_EQ(no_certificate.error().where, path("text"));
}

TEST_F(TrustStoreTest, SystemRootsAreTheUsersWhereNamed) {
  const std::string named = write("mine.pem", "");
  ::setenv("SSL_CERT_FILE", named.c_str(), 1);
  EXPECT_EQ(system_roots_file(), named);
  ::setenv("SSL_CERT_FILE", path("none").c_str(), 1);
  EXPECT_NE(system_roots_file(), path("none"));
  ::unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace understudy
