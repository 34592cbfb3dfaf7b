// What rules say about TLS, from the attribute to the handshake.
#include "tls_stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>

#include "protocols/transport/certificate_maker.h"
#include "protocols/transport/private_key.h"
#include "protocols/transport/rule_tls.h"

namespace understudy {
namespace {

constexpr std::array<std::string_view, 2> kHttp = {"h2", "http/1.1"};

class RuleTlsTest : public TlsStreamTest {
 protected:
  RuleTlsTest() { rule_.written_at = "registration.xml:7"; }

  /// Certificate and key in one text.
  [[nodiscard]] std::string pair_for(const std::string& host) const {
    const auto leaf = *authority_->leaf(server_name(host), LeafKind::Ecdsa);
    return leaf->pem() + private_key_pem(leaf->key());
  }

  /// The sentence that refuses the rule's server side, or its client side.
  std::string server_refusal(bool with_authority = true) {
    const auto made = server_context_of(rule_, kHttp, with_authority ? authority_ : nullptr);
    return made ? "accepted" : refusal(made.error());
  }
  std::string client_refusal() {
    const auto made = client_context_of(rule_);
    return made ? "accepted" : refusal(made.error());
  }

  static std::string refusal(const Error& error) {
    EXPECT_EQ(error.source, ErrorSource::Config);
    EXPECT_EQ(error.where, "registration.xml:7");
    return error.what;
  }

  /// The handshake with a client that wants `host`; empty = fine on both sides.
  std::string shake_by_rule(const std::string& host) {
    const auto server = server_context_of(rule_, kHttp, authority_, &warnings_);
    if (!server) return describe(server.error());
    server_context_ = *server;
    connect();
    const auto [client_says, server_says] = shake(host);
    return client_says + server_says;
  }

  [[nodiscard]] std::string shown() const {
    return tls_facts(client_->tls()->ssl(), true).peer_subject;
  }

  ForwardRule rule_;
  std::vector<std::string> warnings_;
};

TEST_F(RuleTlsTest, WithoutAPairTheAuthorityMakesCertificates) {
  EXPECT_EQ(shake_by_rule("api.example.com"), "");
  EXPECT_EQ(shown(), "CN=api.example.com,O=Understudy");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(RuleTlsTest, AnOwnPairIsShownToAll) {
  rule_.tls.certificate = write("own.pem", pair_for("own.example"));
  EXPECT_EQ(shake_by_rule("own.example"), "");
  EXPECT_EQ(shown(), "CN=own.example,O=Understudy");
  EXPECT_NE(shake_by_rule("other.example").find("hostname mismatch"), std::string::npos);
}

TEST_F(RuleTlsTest, AnOwnPairNeedsNoAuthority) {
  rule_.tls.certificate = write("own.pem", pair_for("own.example"));
  EXPECT_EQ(server_refusal(false), "accepted");
}

TEST_F(RuleTlsTest, OfADirectoryTheHostsOwnPairIsShownElseALeaf) {
  std::filesystem::create_directory(path("pairs"));
  const std::string own = pair_for("own.example");
  write("pairs/a.pem", own);
  rule_.tls.certificate = path("pairs");
  EXPECT_EQ(shake_by_rule("own.example"), "");
  const std::string chain = tls_facts(client_->tls()->ssl(), true).peer_chain;
  EXPECT_TRUE(own.starts_with(chain));
  EXPECT_EQ(shake_by_rule("other.example"), "");
  EXPECT_EQ(shown(), "CN=other.example,O=Understudy");
}

TEST_F(RuleTlsTest, WithoutANameTheDirectoryIsSearchedForAllThatMayBeMeant) {
  std::filesystem::create_directory(path("pairs"));
  const std::string own = pair_for("127.0.0.1");
  write("pairs/a.pem", own);
  rule_.tls.certificate = path("pairs");
  names_ = {"rule.example.com", "127.0.0.1"};
  EXPECT_EQ(shake_by_rule("127.0.0.1"), "");
  EXPECT_EQ(shown(), "CN=127.0.0.1,O=Understudy");
}

TEST_F(RuleTlsTest, TheProtocolsInsideAreAgreedOn) {
  server_context_ = *server_context_of(rule_, kHttp, authority_);
  ASSERT_EQ(shake(client_side("api.example.com", {"http/1.1"})).first, "");
  EXPECT_EQ(tls_facts(client_->tls()->ssl(), true).alpn, "http/1.1");
}

TEST_F(RuleTlsTest, OldVersionsAreServedWhereTheRuleSaysSo) {
  const auto shake_old = [this] {
    connect();
    SslHandle old = client_side("api.example.com");
    SSL_set_security_level(old.get(), 0);
    SSL_set_min_proto_version(old.get(), TLS1_VERSION);
    SSL_set_max_proto_version(old.get(), TLS1_1_VERSION);
    SSL_set_cipher_list(old.get(), "ALL:@SECLEVEL=0");
    return shake(std::move(old)).second;
  };
  server_context_ = *server_context_of(rule_, kHttp, authority_);
  EXPECT_EQ(shake_old(), "unsupported protocol");
  rule_.tls.min_version = "1.0";
  rule_.tls.ciphers = "ALL";
  server_context_ = *server_context_of(rule_, kHttp, authority_);
  EXPECT_EQ(shake_old(), "");
  EXPECT_EQ(tls_facts(client_->tls()->ssl(), true).version, "TLSv1.1");
}

TEST_F(RuleTlsTest, ClientsAreAskedForACertificateWhereTheRuleSaysSo) {
  rule_.tls.ask_certificate = true;
  rule_.tls.client_certificate = write("partner.pem", pair_for("partner.example"));
  rule_.tls.ca_file = client_options_.ca_file;
  client_context_ = *client_context_of(rule_);
  EXPECT_EQ(shake_by_rule("api.example.com"), "");
  EXPECT_EQ(tls_facts(service_->tls()->ssl(), false).peer_subject,
            "CN=partner.example,O=Understudy");
}

TEST_F(RuleTlsTest, UpstreamsAreCheckedUnlessTheRuleSaysOtherwise) {
  client_context_ = *client_context_of(rule_);
  EXPECT_NE(shake("api.example.com").first, "");
  connect();
  rule_.tls.verify = false;
  client_context_ = *client_context_of(rule_);
  EXPECT_EQ(shake("api.example.com").first, "");
}

TEST_F(RuleTlsTest, WithoutPairAndAuthorityNothingCanBeServed) {
  EXPECT_EQ(server_refusal(false),
            "cert has to name a certificate: there is no authority to make one");
  std::filesystem::create_directory(path("pairs"));
  rule_.tls.certificate = path("pairs");
  EXPECT_EQ(server_refusal(false),
            "cert \"" + path("pairs") +
                "\": has to name a certificate: there is no authority to make one");
}

TEST_F(RuleTlsTest, FilesThatDoNotServeAreNamedWithTheirAttribute) {
  rule_.tls.certificate = path("none.pem");
  EXPECT_TRUE(server_refusal().starts_with("cert \"" + path("none.pem") + "\": "));
  rule_.tls.certificate = write("a.pem", pair_for("a.example"));
  rule_.tls.key = write("a.pem.key", private_key_pem(make_ecdsa_key()->get()));
  EXPECT_TRUE(server_refusal().starts_with("key \"" + rule_.tls.key + "\": this private key"))
      << server_refusal();
  rule_.tls.certificate.clear();
  EXPECT_EQ(server_refusal(),
            "key \"" + rule_.tls.key + "\": belongs to no certificate: give cert too");
  std::filesystem::create_directory(path("pairs"));
  rule_.tls.certificate = path("pairs");
  EXPECT_NE(server_refusal().find("leave key out"), std::string::npos);
  rule_.tls.key.clear();
  write("pairs/lonely.key", private_key_pem(make_ecdsa_key()->get()));
  EXPECT_TRUE(server_refusal().starts_with("cert \"" + path("pairs/lonely.key") + "\": "))
      << server_refusal();
}

TEST_F(RuleTlsTest, FilesForUpstreamsAreNamedWithTheirAttribute) {
  rule_.tls.ca_file = path("none.pem");
  EXPECT_TRUE(client_refusal().starts_with("caFile \"" + path("none.pem") + "\": "));
  rule_.tls.ca_file.clear();
  rule_.tls.client_key = path("none.key");
  EXPECT_EQ(client_refusal(), "clientKey \"" + path("none.key") +
                                  "\": belongs to no certificate: give clientCert too");
  rule_.tls.client_certificate = write("a.pem", pair_for("a.example"));
  EXPECT_TRUE(client_refusal().starts_with("clientKey \"" + path("none.key") + "\": "));
  rule_.tls.client_key.clear();
  rule_.tls.client_certificate = write("empty.pem", "");
  EXPECT_TRUE(client_refusal().starts_with("clientCert \"" + path("empty.pem") + "\": "));
}

TEST_F(RuleTlsTest, WordsThatDoNotServeAreNamedWithTheirAttribute) {
  rule_.tls.min_version = "1.4";
  EXPECT_EQ(server_refusal(), "tlsMin \"1.4\": expected 1.0, 1.1, 1.2 or 1.3");
  EXPECT_EQ(client_refusal(), "tlsMin \"1.4\": expected 1.0, 1.1, 1.2 or 1.3");
  rule_.tls.min_version.clear();
  rule_.tls.ciphers = "NO-SUCH";
  EXPECT_TRUE(server_refusal().starts_with("ciphers \"NO-SUCH\": expected a cipher list"));
  EXPECT_TRUE(client_refusal().starts_with("ciphers \"NO-SUCH\": expected a cipher list"));
}

TEST_F(RuleTlsTest, AKeyThatTlsDoesNotAllowIsRefusedAtTheStart) {
  const EvpKeyPtr weak(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{512}));
  const X509Ptr certificate = std::move(
      make_root(weak.get(), "weak.example", {now(), now() + std::chrono::hours{1}}).value());
  rule_.tls.certificate =
      write("weak.pem", certificate_pem(certificate.get()) + private_key_pem(weak.get()));
  EXPECT_EQ(server_refusal(),
            "cert \"" + rule_.tls.certificate + "\": cannot be used: ee key too small");
}

TEST_F(RuleTlsTest, AnExpiredPairIsServedWithAWarning) {
  const EvpKeyPtr key = std::move(make_ecdsa_key().value());
  const auto past = now() - std::chrono::hours{2};
  const X509Ptr old =
      std::move(make_root(key.get(), "old.example", {past, past + std::chrono::hours{1}}).value());
  const std::string file =
      write("old.pem", certificate_pem(old.get()) + private_key_pem(key.get()));
  rule_.tls.certificate = file;
  rule_.tls.client_certificate = file;
  ASSERT_TRUE(server_context_of(rule_, kHttp, nullptr, &warnings_));
  ASSERT_TRUE(client_context_of(rule_, &warnings_));
  ASSERT_EQ(warnings_.size(), 2u);
  for (const std::string& warning : warnings_)
    EXPECT_TRUE(warning.starts_with(file + ": the certificate expired on ")) << warning;
}

}  // namespace
}  // namespace understudy
