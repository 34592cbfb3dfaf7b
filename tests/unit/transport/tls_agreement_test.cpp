// What two sides agree on: protocol inside, sessions to resume, certificates of clients; and what
// is told of it.
#include "tls_stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "protocols/transport/private_key.h"

namespace understudy {
namespace {

using std::chrono::seconds;
using Names = std::vector<std::string>;

class TlsAgreementTest : public TlsStreamTest {
 protected:
  /// The protocol that is agreed on.
  std::string agree(const Names& client, const Names& server) {
    server_options_.alpn = server;
    server_context_.reset();
    connect();
    const auto outcome = shake(client_side("api.example.com", client));
    EXPECT_EQ(outcome, std::pair(std::string(), std::string()));
    const std::string agreed = client_facts().alpn;
    EXPECT_EQ(server_facts().alpn, agreed);
    return agreed;
  }

  /// Whether a new connection takes up a session that an earlier one left.
  bool resumes(const std::string& name, const std::string& destination, const Names& alpn = {}) {
    connect();
    make_contexts();
    EXPECT_EQ(shake(*client_context_->connection(name, destination, alpn)).first, "");
    take_tickets();
    return client_facts().resumed;
  }

  void take_tickets() {
    const ByteView hello = "hello";
    EXPECT_EQ(service_->try_write({&hello, 1}).size, hello.size());
    Bytes got;
    IoResult end;
    asio::co_spawn(context_, read_all(*client_, got, end), asio::detached);
    service_->finish_sending();
    run();
    EXPECT_EQ(got, hello);
  }

  [[nodiscard]] TlsFacts client_facts() const { return tls_facts(client_->tls()->ssl(), true); }
  [[nodiscard]] TlsFacts server_facts() const { return tls_facts(service_->tls()->ssl(), false); }

  void give_client_a_certificate() {
    const auto own = *authority_->leaf(server_name("partner.example"), LeafKind::Ecdsa);
    client_options_.certificate = write("partner.pem", own->pem() + private_key_pem(own->key()));
  }
};

TEST_F(TlsAgreementTest, OurFirstProtocolThatTheClientOffersIsAgreedOn) {
  EXPECT_EQ(agree({"http/1.1", "h2"}, {"h2", "http/1.1"}), "h2");
  EXPECT_EQ(agree({"http/1.1", "h2"}, {"http/1.1"}), "http/1.1");
}

TEST_F(TlsAgreementTest, NothingInCommonIsNoFailure) {
  EXPECT_EQ(agree({"mqtt"}, {"h2", "http/1.1"}), "");
}

TEST_F(TlsAgreementTest, WhoCanDecodeNothingLetsTheClientChoose) {
  EXPECT_EQ(agree({"mqtt", "h2"}, {}), "mqtt");
}

TEST_F(TlsAgreementTest, WhoCanDecodeNothingAgreesOnWhatEveryWebServerSpeaks) {
  EXPECT_EQ(agree({"h2", "http/1.1"}, {}), "http/1.1");
  EXPECT_EQ(agree({"h2"}, {}), "h2");
}

TEST_F(TlsAgreementTest, NoOfferIsNoAgreement) {
  EXPECT_EQ(agree({}, {"h2"}), "");
  EXPECT_EQ(agree({}, {}), "");
}

TEST_F(TlsAgreementTest, ASessionIsTakenUpByItsLike) {
  EXPECT_FALSE(resumes("api.example.com", "api:443", {"h2"}));
  EXPECT_TRUE(resumes("api.example.com", "api:443", {"h2"}));
  EXPECT_EQ(client_facts().verified, "ok");
  EXPECT_FALSE(resumes("api.example.com", "api:8443", {"h2"}));
  EXPECT_FALSE(resumes("www.example.com", "api:443", {"h2"}));
  EXPECT_FALSE(resumes("api.example.com", "api:443", {"http/1.1"}));
  EXPECT_FALSE(resumes("api.example.com", "api:443"));
}

// Or what was never checked would pass as checked.
TEST_F(TlsAgreementTest, ASessionIsNotTakenUpAcrossContexts) {
  client_options_.verify = false;
  EXPECT_FALSE(resumes("api.example.com", "api:443"));
  EXPECT_TRUE(resumes("api.example.com", "api:443"));
  client_options_.verify = true;
  client_context_.reset();
  EXPECT_FALSE(resumes("api.example.com", "api:443"));
}

TEST_F(TlsAgreementTest, ConnectionsKeepTheirContextsAlive) {
  SslHandle client = client_side("api.example.com"), server = server_side();
  client_context_.reset();
  server_context_.reset();
  HandshakeOutcome client_outcome = unended(), server_outcome = unended();
  spawn(tls_handshake(*client_, std::move(client), seconds(5)), client_outcome);
  spawn(tls_handshake(*service_, std::move(server), seconds(5)), server_outcome);
  run();
  EXPECT_EQ(client_outcome.why, "");
  take_tickets();
}

TEST_F(TlsAgreementTest, AClientThatIsAskedShowsWhoItIs) {
  server_options_.ask_client_certificate = true;
  give_client_a_certificate();
  ASSERT_EQ(shake("api.example.com").second, "");
  EXPECT_EQ(server_facts().peer_subject, "CN=partner.example,O=Understudy");
  EXPECT_EQ(server_facts().peer_chain, client_facts().own_chain);
  EXPECT_EQ(server_facts().own_chain, client_facts().peer_chain);
  EXPECT_EQ(client_facts().peer_subject, "CN=api.example.com,O=Understudy");
}

// Its certificate is for another purpose and of an authority that the server does not know.
TEST_F(TlsAgreementTest, ItIsNotJudged) {
  server_options_.ask_client_certificate = true;
  give_client_a_certificate();
  EXPECT_EQ(shake("api.example.com"), std::pair(std::string(), std::string()));
  EXPECT_EQ(server_facts().verified, "not checked");
}

TEST_F(TlsAgreementTest, AClientThatHasNoneIsServedToo) {
  server_options_.ask_client_certificate = true;
  EXPECT_EQ(shake("api.example.com"), std::pair(std::string(), std::string()));
  EXPECT_EQ(server_facts().peer_subject, "");
  EXPECT_EQ(server_facts().peer_chain, "");
}

TEST_F(TlsAgreementTest, AClientThatIsNotAskedShowsNothing) {
  give_client_a_certificate();
  ASSERT_EQ(shake("api.example.com").second, "");
  EXPECT_EQ(server_facts().peer_subject, "");
  EXPECT_EQ(client_facts().own_chain, "");
}

TEST_F(TlsAgreementTest, AFailedHandshakeTellsWhatWasKnown) {
  client_options_.ca_file.clear();
  ASSERT_NE(shake("api.example.com").first, "");
  EXPECT_EQ(server_facts().server_name, "api.example.com");
  EXPECT_EQ(server_facts().version, "");
  EXPECT_EQ(server_facts().cipher, "");
  EXPECT_EQ(client_facts().verified, "unable to get local issuer certificate");
}

}  // namespace
}  // namespace understudy
