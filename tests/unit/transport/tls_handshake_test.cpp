// Real handshakes, in memory: what the authority makes goes from a certificate callback to a client
// that checks it.
#include "certificate_fixture.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

namespace understudy {
namespace {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContextPtr = std::unique_ptr<SSL_CTX, SslFree>;

/// What a listener does when a client's hello has been read.
struct Listener {
  CertAuthority& authority;
  LeafKind kind;
};

int choose_certificate(SSL* ssl, void* argument) {
  const auto* listener = static_cast<Listener*>(argument);
  const char* sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto name = ServerName::parse(sni == nullptr ? "127.0.0.1" : sni, ErrorSource::Client);
  if (!name) return 0;
  const auto leaf = listener->authority.leaf(*name, listener->kind);
  if (!leaf) return 0;
  return SSL_use_cert_and_key(ssl, (*leaf)->certificate(), (*leaf)->key(), (*leaf)->chain(), 1);
}

/// The outcome of a handshake: the version and the server's kind of key, or the client's complaint.
class HandshakeTest : public CertificateTest {
 protected:
  std::string shake(LeafKind kind, const std::string& host, int version,
                    const char* signatures = nullptr) {
    Listener listener{*ca_, kind};
    SSL_CTX_set_cert_cb(server_context_.get(), choose_certificate, &listener);
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context_.get()), ca_->root());
    SSL_CTX_set_verify(client_context_.get(), SSL_VERIFY_PEER, nullptr);
    const SslPtr server(SSL_new(server_context_.get())), client(SSL_new(client_context_.get()));
    BIO* ends[2];
    BIO_new_bio_pair(&ends[0], 0, &ends[1], 0);
    SSL_set_bio(server.get(), ends[0], ends[0]);
    SSL_set_bio(client.get(), ends[1], ends[1]);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
    if (signatures != nullptr) SSL_set1_sigalgs_list(client.get(), signatures);
    expect_host(client.get(), host);
    for (int turn = 0; turn < 10 && !(done(server.get()) && done(client.get())); ++turn) {
      SSL_do_handshake(client.get());
      SSL_do_handshake(server.get());
    }
    if (!done(client.get())) {
      return X509_verify_cert_error_string(SSL_get_verify_result(client.get()));
    }
    const X509Ptr shown(SSL_get1_peer_certificate(client.get()));
    return std::string(SSL_get_version(client.get())) + " " +
           EVP_PKEY_get0_type_name(X509_get0_pubkey(shown.get()));
  }

 private:
  static bool done(const SSL* ssl) { return SSL_is_init_finished(ssl) == 1; }

  static void expect_host(SSL* client, const std::string& host) {
    if (server_name(host).is_address()) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client), host.c_str());
    } else {
      // What SSL_set_tlsext_host_name() does, without its C cast.
      SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(host.c_str()));
      SSL_set1_host(client, host.c_str());
    }
  }

  std::shared_ptr<CertAuthority> ca_ = authority();
  SslContextPtr server_context_{SSL_CTX_new(TLS_server_method())};
  SslContextPtr client_context_{SSL_CTX_new(TLS_client_method())};
};

TEST_F(HandshakeTest, AClientThatTrustsTheRootConnects) {
  EXPECT_EQ(shake(LeafKind::Ecdsa, "api.example.com", TLS1_3_VERSION), "TLSv1.3 EC");
  EXPECT_EQ(shake(LeafKind::Ecdsa, "api.example.com", TLS1_2_VERSION), "TLSv1.2 EC");
}

TEST_F(HandshakeTest, AClientWithoutSniChecksTheAddress) {
  EXPECT_EQ(shake(LeafKind::Ecdsa, "127.0.0.1", TLS1_3_VERSION), "TLSv1.3 EC");
  EXPECT_EQ(shake(LeafKind::Ecdsa, "127.0.0.2", TLS1_3_VERSION), "IP address mismatch");
}

TEST_F(HandshakeTest, AClientThatOffersRsaAloneGetsAnRsaLeaf) {
  const char* const signatures = "rsa_pss_rsae_sha256:RSA+SHA256";
  EXPECT_EQ(shake(LeafKind::Rsa, "old.example", TLS1_2_VERSION, signatures), "TLSv1.2 RSA");
  EXPECT_EQ(shake(LeafKind::Rsa, "old.example", TLS1_3_VERSION, signatures), "TLSv1.3 RSA");
}

}  // namespace
}  // namespace understudy
