// Certificates of the user's own: single files and directories, good and bad.
#include "certificate_fixture.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <vector>

#include "protocols/transport/key_pair_directory.h"
#include "protocols/transport/key_pair_file.h"

namespace understudy {
namespace {

using std::chrono::hours;

struct Pair {
  EvpKeyPtr key;
  X509Ptr certificate;
  [[nodiscard]] std::string key_pem() const { return private_key_pem(key.get()); }
  [[nodiscard]] std::string pem() const { return certificate_pem(certificate.get()); }
};

class KeyPairTest : public CertificateTest {
 protected:
  KeyPairTest() {
    issuer_.key = std::move(make_ecdsa_key().value());
    issuer_.certificate =
        make_root(issuer_.key.get(), "Test", {now() - hours{1}, now() + hours{1}}).value();
  }

  [[nodiscard]] Pair pair_for(std::vector<std::string> hosts,
                              std::chrono::sys_seconds until = now() + hours{1}) const {
    std::vector<ServerName> names;
    for (const std::string& host : hosts)
      names.push_back(server_name(host));
    Pair pair{make_ecdsa_key().value(), nullptr};
    pair.certificate = make_leaf({issuer_.certificate.get(), issuer_.key.get()}, pair.key.get(),
                                 names, {until - hours{48}, until})
                           .value();
    return pair;
  }

  static std::string pkcs12(const Pair& pair, const char* password, X509* above = nullptr) {
    const X509StackPtr chain(sk_X509_new_null());
    if (above != nullptr) sk_X509_push(chain.get(), share(above).release());
    const Pkcs12Ptr file(PKCS12_create(password, "server", pair.key.get(), pair.certificate.get(),
                                       chain.get(), 0, 0, 0, 0, 0));
    const BioPtr out = memory_bio();
    i2d_PKCS12_bio(out.get(), file.get());
    return written(out);
  }

  static std::string encrypted(const Pair& pair) {
    const BioPtr out = memory_bio();
    PEM_write_bio_PKCS8PrivateKey(out.get(), pair.key.get(), EVP_aes_128_cbc(), "secret", 6,
                                  nullptr, nullptr);
    return written(out);
  }

  /// The sentence that refuses a pair, naming `where`.
  static std::string refusal(const std::string& certificate, const std::string& key,
                             const std::string& where) {
    const auto loaded = load_key_pair(certificate, key, now());
    return refused(loaded ? nullptr : &loaded.error(), where);
  }

  [[nodiscard]] std::string directory_refusal(const std::string& where) const {
    const auto loaded = KeyPairDirectory::load(path("pairs"), now());
    return refused(loaded ? nullptr : &loaded.error(), where);
  }

  static bool same(const SharedCertifiedKey& loaded, const Pair& pair) {
    return loaded && X509_cmp(loaded->certificate(), pair.certificate.get()) == 0 &&
           X509_check_private_key(loaded->certificate(), loaded->key()) == 1;
  }

  Pair issuer_;

 private:
  static std::string refused(const Error* error, const std::string& where) {
    if (error == nullptr) {
      ADD_FAILURE() << "accepted";
      return "";
    }
    EXPECT_EQ(error->source, ErrorSource::Config);
    EXPECT_EQ(error->where, where) << error->what;
    return error->what;
  }
};

TEST_F(KeyPairTest, PemWithItsChain) {
  const Pair pair = pair_for({"a.example", "192.0.2.1"});
  const std::string certificate = write("a.crt", "text before\n" + pair.pem() + issuer_.pem());
  const auto loaded = load_key_pair(certificate, write("a.key", pair.key_pem()), now());
  ASSERT_TRUE(loaded) << describe(loaded.error());
  EXPECT_TRUE(same(loaded->pair, pair));
  ASSERT_EQ(sk_X509_num(loaded->pair->chain()), 1);
  EXPECT_EQ(X509_cmp(sk_X509_value(loaded->pair->chain(), 0), issuer_.certificate.get()), 0);
  EXPECT_EQ(loaded->hosts, (std::vector<std::string>{"a.example", "192.0.2.1"}));
  EXPECT_TRUE(loaded->warnings.empty());
}

TEST_F(KeyPairTest, OneFileMayHoldBothInAnyOrder) {
  const Pair pair = pair_for({"a.example"});
  for (const std::string& text : {pair.key_pem() + pair.pem(), pair.pem() + pair.key_pem()}) {
    const auto loaded = load_key_pair(write("both.pem", text), "", now());
    ASSERT_TRUE(loaded) << describe(loaded.error());
    EXPECT_TRUE(same(loaded->pair, pair));
  }
}

TEST_F(KeyPairTest, Pkcs12WithoutAPassword) {
  const Pair pair = pair_for({"a.example"});
  for (const char* password : {static_cast<const char*>(nullptr), ""}) {
    const std::string file = write("a.p12", pkcs12(pair, password, issuer_.certificate.get()));
    const auto loaded = load_key_pair(file, "", now());
    ASSERT_TRUE(loaded) << describe(loaded.error());
    EXPECT_TRUE(same(loaded->pair, pair));
    EXPECT_EQ(sk_X509_num(loaded->pair->chain()), 1);
  }
}

TEST_F(KeyPairTest, APasswordIsNamedAsTheReason) {
  const Pair pair = pair_for({"a.example"});
  const std::string certificate = write("a.crt", pair.pem());
  const std::string key = write("a.key", encrypted(pair));
  EXPECT_NE(refusal(certificate, key, key).find("password"), std::string::npos);
  const std::string file = write("a.p12", pkcs12(pair, "secret"));
  EXPECT_NE(refusal(file, "", file).find("password"), std::string::npos);
}

TEST_F(KeyPairTest, TheFileAtFaultIsNamed) {
  const Pair pair = pair_for({"a.example"});
  const std::string certificate = write("a.crt", pair.pem());
  const std::string key = write("a.key", pair.key_pem());
  const std::string none = path("none");
  EXPECT_NE(refusal(none, key, none).find("cannot read: No such file"), std::string::npos);
  EXPECT_NE(refusal(certificate, none, none).find("cannot read"), std::string::npos);
  EXPECT_NE(refusal(path(""), key, path("")).find("not a regular file"), std::string::npos);
  EXPECT_NE(refusal(certificate, "", certificate).find("no private key"), std::string::npos);
  EXPECT_NE(refusal(certificate, certificate, certificate).find("no private key"),
            std::string::npos);
  EXPECT_NE(refusal(key, key, key).find("no certificate"), std::string::npos);
  const std::string text = write("text", "hello\n");
  EXPECT_NE(refusal(text, key, text).find("no certificate"), std::string::npos);
  EXPECT_NE(refusal(certificate, text, text).find("no private key"), std::string::npos);
  const std::string large = write("large", std::string(kMaxPairFile + 1, 'x'));
  EXPECT_NE(refusal(large, key, large).find("larger"), std::string::npos);
}

TEST_F(KeyPairTest, WhatIsDamagedIsNamed) {
  const Pair pair = pair_for({"a.example"});
  const std::string key = write("a.key", pair.key_pem());
  std::string broken = pair.pem();
  broken.replace(40, 8, "AAAAAAAA");
  const std::string second = write("second.crt", pair.pem() + broken);
  EXPECT_NE(refusal(second, key, second).find("certificate 2 cannot be read"), std::string::npos);
  const std::string half = write("half.crt", pair.pem().substr(0, 200));
  EXPECT_NE(refusal(half, key, half).find("certificate 1 cannot be read"), std::string::npos);
  const std::string certificate = write("a.crt", pair.pem());
  const std::string half_key = write("half.key", pair.key_pem().substr(0, 80));
  EXPECT_NE(refusal(certificate, half_key, half_key).find("cannot be read"), std::string::npos);
  const std::string der = write("a.der", certificate_der(pair.certificate.get()));
  EXPECT_NE(refusal(der, "", der).find("openssl x509 -inform der"), std::string::npos);
  EXPECT_NE(refusal(der, key, der).find("is not PEM"), std::string::npos);
  const std::string file = pkcs12(pair, "");
  const std::string cut = write("cut.p12", file.substr(0, file.size() / 2));
  EXPECT_NE(refusal(cut, "", cut).find("neither PEM nor PKCS#12"), std::string::npos);
}

TEST_F(KeyPairTest, AKeyOfAnotherCertificateIsRefused) {
  const std::string certificate = write("a.crt", pair_for({"a.example"}).pem());
  const std::string key = write("b.key", pair_for({"b.example"}).key_pem());
  EXPECT_NE(refusal(certificate, key, key).find("does not belong"), std::string::npos);
}

TEST_F(KeyPairTest, AnExpiredCertificateIsUsedWithAWarning) {
  const Pair old = pair_for({"a.example"}, now() - hours{1});
  const std::string file = write("old.pem", old.pem() + old.key_pem());
  auto loaded = load_key_pair(file, "", now());
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(same(loaded->pair, old));
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_TRUE(loaded->warnings.front().starts_with(file + ": the certificate expired on"));
  loaded = load_key_pair(file, "", now() - hours{100});
  ASSERT_TRUE(loaded);
  EXPECT_NE(loaded->warnings.front().find("not valid before"), std::string::npos);
}

TEST_F(KeyPairTest, ADirectoryPrefersTheExactHost) {
  std::filesystem::create_directories(path("pairs/ignored.pem"));
  write("pairs/notes.txt", "not looked at");
  const Pair exact = pair_for({"api.example.com", "192.0.2.1"});
  const Pair wildcard = pair_for({"*.example.com"});
  const Pair packed = pair_for({"packed.example"});
  write("pairs/zz.pem", exact.pem() + issuer_.pem());
  write("pairs/zz-key.pem", exact.key_pem());
  write("pairs/all.crt", wildcard.pem());
  write("pairs/all.key", wildcard.key_pem());
  write("pairs/authority.pem", issuer_.pem());
  write("pairs/packed.pfx", pkcs12(packed, ""));
  const auto loaded = KeyPairDirectory::load(path("pairs"), now());
  ASSERT_TRUE(loaded) << describe(loaded.error());
  EXPECT_TRUE(loaded->warnings().empty());
  EXPECT_TRUE(same(loaded->find(server_name("API.example.com.")), exact));
  EXPECT_TRUE(same(loaded->find(server_name("192.0.2.1")), exact));
  EXPECT_TRUE(same(loaded->find(server_name("www.example.com")), wildcard));
  EXPECT_TRUE(same(loaded->find(server_name("*.example.com")), wildcard));
  EXPECT_TRUE(same(loaded->find(server_name("packed.example")), packed));
  for (const char* other : {"a.b.example.com", "example.com", "192.0.2.2", "::1", "localhost"}) {
    EXPECT_EQ(loaded->find(server_name(other)), nullptr) << other;
  }
}

TEST_F(KeyPairTest, OfSeveralPairsTheFirstFileIsTaken) {
  std::filesystem::create_directory(path("pairs"));
  const Pair first = pair_for({"a.example"}), second = pair_for({"a.example"}, now() - hours{1});
  write("pairs/2.pem", second.pem() + second.key_pem());
  write("pairs/1.pem", first.pem() + first.key_pem());
  const auto loaded = KeyPairDirectory::load(path("pairs"), now());
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(same(loaded->find(server_name("a.example")), first));
  EXPECT_EQ(loaded->warnings().size(), 1U);
}

TEST_F(KeyPairTest, ADirectorysFaultsAreNamed) {
  EXPECT_NE(directory_refusal(path("pairs")).find("cannot read"), std::string::npos);
  std::filesystem::create_directory(path("pairs"));
  EXPECT_NE(directory_refusal(path("pairs")).find("no certificate with its key"),
            std::string::npos);
  const Pair pair = pair_for({"a.example"});
  const std::string certificate = write("pairs/a.pem", pair.pem());
  EXPECT_NE(directory_refusal(certificate).find("no private key"), std::string::npos);
  write("pairs/a.key", pair.key_pem());
  ASSERT_TRUE(KeyPairDirectory::load(path("pairs"), now()));
  const std::string stray = write("pairs/b.key", pair_for({"b.example"}).key_pem());
  EXPECT_NE(directory_refusal(stray).find("no certificate"), std::string::npos);
  const std::string broken = write("pairs/b.key", "rubbish");
  EXPECT_NE(directory_refusal(broken).find("no certificate in PEM"), std::string::npos);
}

}  // namespace
}  // namespace understudy
