// Secrets in HTTP messages do not reach the store, and the messages stay readable.
#include <gtest/gtest.h>

#include "protocols/content/redactor.h"
#include "protocols/registry.h"

namespace understudy {
namespace {

const Protocol& http() {
  return *find_protocol("http");
}

/// Not a keyed hash, but like one: every byte hangs on the whole secret.
Bytes fake_hash(ByteView secret) {
  std::uint64_t state = 1469598103934665603ULL;
  for (const char c : secret)
    state = (state ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  Bytes out;
  for (int i = 0; i < 32; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    out += static_cast<char>(state >> 56);
  }
  return out;
}

Redactor redactor() {
  RedactRules rules;
  rules.headers = {"authorization"};
  rules.json_pointers = {"/card/number"};
  rules.patterns = {"token=([a-z0-9]+)", "4111\\d{12}"};
  return *Redactor::make(rules, fake_hash);
}

TEST(HttpRedact, ReplacesHeadersJsonAndPatternsInPlace) {
  const Bytes before =
      "POST /login?token=abc123 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cr3t\r\n"
      "AUTHORIZATION: other\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n"
      "{\"card\":{\"number\":\"4929 1234\",\"x\":1}}";
  Bytes message = before;
  EXPECT_EQ(http().redact(Side::Client, message, redactor()), "");
  EXPECT_EQ(message.size(), before.size());
  for (const char* secret : {"abc123", "Bearer s3cr3t", "other", "4929 1234"}) {
    EXPECT_EQ(message.find(secret), Bytes::npos) << secret;
  }
  EXPECT_EQ(http().facts(message, "").method, "POST");
  Bytes again = before;
  EXPECT_EQ(http().redact(Side::Client, again, redactor()), "");
  EXPECT_EQ(again, message);
}

TEST(HttpRedact, FindsASecretThatChunksCutInTwo) {
  Bytes message =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n8\r\ntoken=ab\r\n4\r\nc123\r\n0\r\n\r\n";
  const std::size_t size = message.size();
  EXPECT_EQ(http().redact(Side::Server, message, redactor()), "");
  EXPECT_EQ(message.size(), size);
  const auto detail = http().detail(Side::Server, message);
  ASSERT_TRUE(detail && detail->body_decoded);
  EXPECT_TRUE(detail->body.starts_with("token="));
  EXPECT_NE(detail->body, "token=abc123");
}

TEST(HttpRedact, StoresACodedBodyDecodedOnlyWhereItHoldsASecret) {
  // gzip of "token=abc123"
  const Bytes coded(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xc9\xcf\x4e\xcd\xb3"
      "\x4d\x4c\x4a\x36\x34\x32\x06\x00\x92\x49\x53\xd2\x0c\x00\x00\x00",
      32);
  Bytes head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX: y\r\nContent-Length: 32\r\n\r\n";
  Bytes message = head + coded;
  ASSERT_TRUE(http().detail(Side::Server, message)->body_decoded);
  EXPECT_EQ(http().redact(Side::Server, message, redactor()), "body stored decoded for redaction");
  EXPECT_TRUE(message.starts_with("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 12\r\n\r\ntoken="));
  EXPECT_EQ(message.find("abc123"), Bytes::npos);

  RedactRules other;
  other.patterns = {"nowhere"};
  Bytes untouched = head + coded;
  EXPECT_EQ(http().redact(Side::Server, untouched, *Redactor::make(other, fake_hash)), "");
  EXPECT_EQ(untouched, head + coded);
}

TEST(HttpRedact, DropsABodyThatCannotBeLookedInto) {
  Bytes message = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nbroken";
  EXPECT_EQ(http().redact(Side::Server, message, redactor()),
            "body of 6 bytes not stored: it could not be decoded for redaction");
  EXPECT_TRUE(message.ends_with("\r\n\r\n"));
}

TEST(HttpRedact, TakesHeadsThatAreCutOrMalformed) {
  for (const Bytes& before :
       {Bytes("GET / HTTP/1.1\r\nAuthorization: s3cr3t"),
        Bytes("GE(T /\nAuthorization: s3cr3t\n\n"),
        Bytes("\r\nGET /?token=s3cr3t HTTP/1.1\r\nAuthorization: a\r\n s3cr3t\r\n\r\n")}) {
    Bytes head = before;
    http().redact_head(Side::Client, head, redactor());
    EXPECT_EQ(head.size(), before.size());
    EXPECT_EQ(head.find("s3cr3t"), Bytes::npos) << before;
  }
}

TEST(HttpRedact, NeverBreaksTheFraming) {
  RedactRules rules;
  rules.headers = {"content-length", "transfer-encoding"};
  rules.patterns = {"\\d+", "[a-zA-Z]+"};
  Bytes message = "GET / HTTP/1.1\r\nHost: abc\r\nContent-Length: 4\r\n\r\nab12";
  EXPECT_EQ(http().redact(Side::Client, message, *Redactor::make(rules, fake_hash)), "");
  EXPECT_TRUE(message.starts_with("GET / HTTP/1.1\r\n"));
  EXPECT_NE(message.find("Content-Length: 4\r\n"), Bytes::npos);
  EXPECT_EQ(message.find("abc"), Bytes::npos);
}

}  // namespace
}  // namespace understudy
