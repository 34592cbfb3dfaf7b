// Which certificate a client is shown: by the name it asks for, kind or unkind, or by where it
// connected to.
#include "tls_stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "protocols/transport/certificate.h"

namespace understudy {
namespace {

using std::chrono::seconds;
using Hosts = std::vector<std::string>;

/// A number of `width` bytes, then nothing else.
Bytes number(std::size_t value, int width) {
  Bytes bytes;
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

Bytes sized(const Bytes& content, int width) {
  return number(content.size(), width) + content;
}

Bytes extension(std::size_t type, const Bytes& content) {
  return number(type, 2) + sized(content, 2);
}

/// What no library sends: a ClientHello (RFC 8446 §4.1.2) that asks for any octets at all.
Bytes hello_for(const Bytes& name) {
  const Bytes versions_and_groups = extension(10, sized(number(23, 2), 2)) +     // P-256
                                    extension(13, sized(number(0x0403, 2), 2));  // ECDSA, SHA-256
  const Bytes server_name = extension(0, sized(Bytes(1, '\0') + sized(name, 2), 2));
  const Bytes body = number(0x0303, 2) + Bytes(32, 'r') + sized("", 1) +
                     sized(number(0xc02b, 2), 2) +  // ECDHE-ECDSA-AES128-GCM-SHA256
                     sized(Bytes(1, '\0'), 1) + sized(server_name + versions_and_groups, 2);
  return number(0x160301, 3) + sized(Bytes(1, '\1') + sized(body, 3), 2);
}

class TlsNamesTest : public TlsStreamTest {
 protected:
  /// What the server says of a client that asks for `name`; what it answered is in answer_.
  std::string ask_for(const Bytes& name) {
    connect();
    const Bytes hello = hello_for(name);
    const ByteView piece = hello;
    EXPECT_EQ(client_->try_write({&piece, 1}).size, hello.size());
    client_->finish_sending();
    HandshakeOutcome server = unended();
    spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
    run();
    std::array<char, 4096> buffer;
    const IoResult answer = client_->try_read(buffer);
    answer_.assign(buffer.data(), answer.size);
    return server.why;
  }

  [[nodiscard]] Hosts shown_hosts() const {
    X509* shown = SSL_get0_peer_certificate(client_->tls()->ssl());
    return shown == nullptr ? Hosts() : certificate_hosts(shown);
  }

  /// A client that asks for what it would not ask for by itself.
  SslHandle client_that_asks(const std::string& host, std::string sni) {
    SslHandle ssl = client_side(host);
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data());
    return ssl;
  }

  Bytes answer_;
};

/// The certificate was shown; the client went no further.
constexpr const char* kServed = "the peer closed the connection during the handshake";
const Bytes kUnrecognizedName("\x15\x03\x03\x00\x02\x02\x70", 7);

TEST_F(TlsNamesTest, WhoNamesAHostIsShownThatAlone) {
  names_ = {"rule.example.com", "127.0.0.1"};
  ASSERT_EQ(shake("api.example.com").first, "");
  EXPECT_EQ(shown_hosts(), Hosts{"api.example.com"});
}

TEST_F(TlsNamesTest, WhoNamesNoneIsShownAllThatItMayMean) {
  names_ = {"rule.example.com", "no host at all", "127.0.0.1", "127.0.0.1", ""};
  ASSERT_EQ(shake("127.0.0.1").first, "");
  EXPECT_EQ(shown_hosts(), (Hosts{"rule.example.com", "127.0.0.1"}));
}

TEST_F(TlsNamesTest, AnAddressAsANameIsTakenAsAnAddress) {
  ASSERT_EQ(shake(client_that_asks("10.1.2.3", "10.1.2.3")).first, "");
  EXPECT_EQ(shown_hosts(), Hosts{"10.1.2.3"});
  connect();
  ASSERT_EQ(shake(client_that_asks("2001:db8::1", "2001:DB8:0::1")).first, "");
  EXPECT_EQ(shown_hosts(), Hosts{"2001:db8::1"});
}

TEST_F(TlsNamesTest, AWildcardIsANameLikeOthers) {
  ASSERT_EQ(shake(client_that_asks("any.example.com", "*.example.com")).first, "");
  EXPECT_EQ(shown_hosts(), Hosts{"*.example.com"});
}

TEST_F(TlsNamesTest, AFinalDotIsNotSent) {
  ASSERT_EQ(shake("api.example.com.").first, "");
  EXPECT_EQ(tls_facts(service_->tls()->ssl(), false).server_name, "api.example.com");
}

TEST_F(TlsNamesTest, NamesThatNoCertificateCanBeForAreRefusedWithTheReason) {
  const std::vector<std::pair<Bytes, std::string>> unkind = {
      {Bytes(300, 'a'), "it has 300 characters, a DNS name at most 253"},
      {Bytes(15'000, 'a'), "it has 15000 characters"},
      {Bytes(254, 'a'), "it has 254 characters"},
      {"a..example.com", "it has an empty label"},
      {".", "it has an empty label"},
      {Bytes("a\0.example.com", 14), "only letters, digits"},
      {"two words.example.com", "only letters, digits"},
      {"a.*.example.com", "a wildcard is a whole first label"},
      {"b\xc3\xbc"
       "cher.example",
       "with xn-- labels"},
      {"\r\nHost: a", "it is no IPv6 address"},
      {"1.2.3.400", "it is no IPv4 address"},
  };
  for (const auto& [name, reason] : unkind) {
    const std::string why = ask_for(name);
    EXPECT_NE(why.find(reason), std::string::npos) << why;
    EXPECT_LT(why.size(), 500u);
    EXPECT_EQ(why.find('\n'), std::string::npos);
    EXPECT_EQ(answer_, kUnrecognizedName) << reason;
  }
  connect();
  EXPECT_EQ(shake("api.example.com").first, "");
}

TEST_F(TlsNamesTest, AKindNameOfTheSameMakingIsServed) {
  EXPECT_EQ(ask_for("api.example.com"), kServed);
  EXPECT_EQ(answer_.substr(0, 1), "\x16");
}

TEST_F(TlsNamesTest, AnEmptyNameIsNone) {
  names_ = {"127.0.0.1"};
  EXPECT_EQ(ask_for(""), kServed);
  EXPECT_EQ(answer_.substr(0, 1), "\x16");
}

TEST_F(TlsNamesTest, WithoutAnyNameThereIsNoCertificate) {
  EXPECT_EQ(shake("127.0.0.1").second, "the client names no host, and none is known for it");
}

TEST_F(TlsNamesTest, AnOwnCertificateIsShownWhateverIsAskedFor) {
  const auto own = *authority_->leaf(server_name("own.example"), LeafKind::Ecdsa);
  server_context_ = *TlsServerContext::make({}, always(own));
  for (const char* name : {"own.example", "other.example", "..", "two words"}) {
    EXPECT_EQ(ask_for(name), kServed) << name;
    EXPECT_EQ(answer_.substr(0, 1), "\x16") << name;
  }
  EXPECT_NE(ask_for(Bytes(300, 'a')).find("it has 300 characters"), std::string::npos);
  connect();
  EXPECT_EQ(shake("own.example").first, "");
  EXPECT_EQ(tls_facts(service_->tls()->ssl(), false).own_chain, own->pem());
}

TEST_F(TlsNamesTest, ACutHelloIsTheClientsFault) {
  Bytes hello = hello_for("api.example.com");
  hello[hello.size() - 3] = '\x7f';  // the last list is longer than the message
  const ByteView piece = hello;
  ASSERT_EQ(client_->try_write({&piece, 1}).size, hello.size());
  HandshakeOutcome server = unended();
  spawn(tls_handshake(*service_, server_side(), seconds(5)), server);
  run();
  EXPECT_NE(server.why, "");
  EXPECT_FALSE(server.timed_out) << server.why;
}

}  // namespace
}  // namespace understudy
