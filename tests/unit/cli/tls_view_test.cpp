#include "ui/cli/tls_view.h"

#include "protocols/transport/certificate.h"
#include "protocols/transport/certificate_maker.h"
#include "protocols/transport/private_key.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace understudy {
namespace {

RecordedTls handshake(UpstreamNo upstream = 0) {
  RecordedTls tls;
  tls.upstream = upstream;
  tls.at = Timestamp(Duration(1'795'252'394'250'008));
  tls.duration = Duration(1900);
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_128_GCM_SHA256";
  tls.server_name = "api.example.com";
  tls.alpn = "http/1.1";
  return tls;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

/// A root and a leaf below it, made now.
struct MadeChain {
  MadeChain() {
    const auto key = make_ecdsa_key();
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const Validity validity{now - std::chrono::hours(1), now + std::chrono::hours(1)};
    root = make_root(key->get(), "Test Root", validity).value();
    const std::vector<ServerName> names{
        ServerName::parse("api.example.com", ErrorSource::Client).value()};
    leaf = make_leaf({root.get(), key->get()}, key->get(), names, validity).value();
    pem = certificate_pem(leaf.get()) + certificate_pem(root.get());
  }
  X509Ptr root, leaf;
  std::string pem;
};

TEST(HandshakeText, SaysWhatWasAgreed) {
  RecordedTls tls = handshake();
  EXPECT_EQ(handshake_text(tls),
            "TLS 1.3, TLS_AES_128_GCM_SHA256, SNI api.example.com, ALPN http/1.1");
  tls.resumed = true;
  tls.server_name = tls.alpn = "";
  tls.version = "TLSv1";
  EXPECT_EQ(handshake_text(tls), "TLS 1.0, TLS_AES_128_GCM_SHA256, resumed");
}

TEST(HandshakeText, SaysWhyItFailed) {
  RecordedTls tls;
  tls.error = "the client closed: unknown ca";
  tls.server_name = "api.example.com";
  EXPECT_EQ(handshake_text(tls), "failed: the client closed: unknown ca, SNI api.example.com");
}

TEST(HandshakeText, PeersCannotPaintTheTerminal) {
  RecordedTls tls = handshake();
  tls.alpn = "\x1b[31m";
  EXPECT_EQ(handshake_text(tls).find('\x1b'), std::string::npos);
}

TEST(SessionTls, AnUncheckedCertificateIsLoud) {
  std::vector<RecordedTls> all{handshake(0), handshake(1), handshake(2), handshake(3)};
  all[0].verified = "not checked";
  all[1].verified = "ok";
  all[2].verified = "not checked";
  all[3].verified = "self-signed certificate";
  const std::string same = "TLS 1.3, TLS_AES_128_GCM_SHA256, SNI api.example.com, ALPN http/1.1";
  EXPECT_EQ(joined(session_tls_lines(all)), "client: " + same + "\nupstream 1: " + same +
                                                ", verified: ok\nupstream 2: " + same +
                                                ", verified: NOT CHECKED\nupstream 3: " + same +
                                                ", verified: self-signed certificate\n");
}

TEST(SessionTls, CertificatesHaveNamesAndFingerprints) {
  const MadeChain made;
  const auto named = [](X509* certificate) {
    const CertificateFacts facts = certificate_facts(certificate);
    return facts.subject + ", SHA-256 " + facts.sha256 + "\n";
  };
  const std::string leaf = named(made.leaf.get());
  const std::string root = "above it: " + named(made.root.get());
  ASSERT_NE(leaf.find("CN = api.example.com"), std::string::npos) << leaf;
  RecordedTls client = handshake(), upstream = handshake(1);
  client.own_chain = upstream.peer_chain = made.pem;
  client.peer_chain = upstream.own_chain = certificate_pem(made.leaf.get());
  const std::string text = joined(session_tls_lines(std::vector{client, upstream}));
  EXPECT_NE(text.find("\n  our certificate: " + leaf + "    " + root), std::string::npos) << text;
  EXPECT_NE(text.find("\n  client certificate: " + leaf), std::string::npos) << text;
  EXPECT_NE(text.find("\n  its certificate: " + leaf + "    " + root), std::string::npos) << text;
  EXPECT_NE(text.find("\n  our client certificate: " + leaf), std::string::npos) << text;
}

TEST(SessionTls, AResumedSessionMayKnowTheSubjectAlone) {
  RecordedTls tls = handshake();
  tls.peer_subject = "CN=partner";
  EXPECT_NE(joined(session_tls_lines({&tls, 1})).find("\n  client certificate: CN=partner\n"),
            std::string::npos);
}

TEST(SessionTls, ACertificateThatCannotBeReadIsNoReasonToStop) {
  RecordedTls tls = handshake();
  tls.peer_chain = "no PEM at all";
  EXPECT_NE(joined(session_tls_lines({&tls, 1})).find("  client certificate: has no certificate"),
            std::string::npos);
}

TEST(UpstreamTls, SaysWhetherTheCertificateWasChecked) {
  const auto end = [](std::string verified) {
    RecordedTls tls = handshake(1);
    tls.verified = std::move(verified);
    return upstream_tls_text(tls).substr(handshake_text(tls).size());
  };
  EXPECT_EQ(end("ok"), ", certificate ok");
  EXPECT_EQ(end("not checked"), ", certificate not checked");
  EXPECT_EQ(end("certificate has expired"), ", certificate not accepted: certificate has expired");
  EXPECT_EQ(end(""), "");
}

TEST(TlsJson, HasEveryFact) {
  RecordedTls tls = handshake(2);
  tls.resumed = true;
  tls.verified = "not checked";
  tls.peer_subject = "CN=api.example.com";
  tls.peer_chain = "PEM";
  EXPECT_EQ(tls_json(tls).dump(),
            R"({"side":"upstream","upstream":2,"at":"2026-11-21T09:13:14.250Z","duration_ms":1.9,)"
            R"("version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256",)"
            R"("server_name":"api.example.com","alpn":"http/1.1","resumed":true,)"
            R"("verified":"not checked","peer_subject":"CN=api.example.com","own_chain":null,)"
            R"("peer_chain":"PEM","error":null})");
  RecordedTls failed;
  failed.error = "reset";
  const auto json = tls_json(failed);
  EXPECT_EQ(json["side"], "client");
  EXPECT_TRUE(json["upstream"].is_null());
  EXPECT_TRUE(json["version"].is_null());
  EXPECT_EQ(json["error"], "reset");
}

}  // namespace
}  // namespace understudy
