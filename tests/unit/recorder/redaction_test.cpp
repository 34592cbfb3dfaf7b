// Redaction on the tape: no batch that leaves it holds the secret, and the wire still does.
#include "tests/unit/recorder/recorder_fixture.h"

namespace understudy {
namespace {

using testing::Peer;

class RedactionTest : public testing::RecorderTest {
 protected:
  void start_with(RedactRules redact) {
    ForwardRule made = rule("http", "http");
    made.redact = std::move(redact);
    RecorderOptions options;
    options.redaction_key = "a key of a test";
    start(std::move(made), std::move(options));
  }
  /// Sends a request and a reply through, in pieces of `cut` bytes.
  void run(const std::string& request, const std::string& reply, std::size_t cut) {
    Peer client = this->client();
    std::jthread server([this, &reply, cut] {
      Peer accepted = upstream_.accept();
      while (!seen_.ends_with("\r\n\r\n") && !accepted.ended())
        seen_ += accepted.read(1);
      for (std::size_t at = 0; at < reply.size(); at += cut)
        accepted.send(reply.substr(at, cut));
      accepted.read_all();
    });
    for (std::size_t at = 0; at < request.size(); at += cut)
      client.send(request.substr(at, cut));
    got_ = client.read(reply.size());
    client.close();
    server.join();
    stop();
  }
  std::string seen_, got_;
};

const std::string kSecret = "Bearer s3cr3t-T0ken";

TEST_F(RedactionTest, AHeaderKeepsItsLengthAndLosesItsValue) {
  start_with({{"authorization"}, {}, {}});
  const std::string request =
      "GET /a HTTP/1.1\r\nHost: " + std::string("h") + "\r\nAuthorization: " + kSecret + "\r\n\r\n";
  run(request, "HTTP/1.1 204 No Content\r\n\r\n", 7);
  EXPECT_NE(seen_.find(kSecret), std::string::npos) << "the wire is untouched";
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].request.find("s3cr3t"), std::string::npos);
  EXPECT_EQ(rows[0].request.size(), request.size());
  EXPECT_EQ(rows[0].resource, "/a");
}

TEST_F(RedactionTest, AJsonMemberOfTheReplyIsReplaced) {
  start_with({{}, {"/card/number"}, {}});
  const std::string body = R"({"card":{"number":"4111111111111111"},"ok":true})";
  const std::string reply =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  run("GET / HTTP/1.1\r\nHost: h\r\n\r\n", reply, 5);
  EXPECT_EQ(got_, reply);
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].reply.find("4111111111111111"), std::string::npos);
  EXPECT_NE(rows[0].reply.find(R"("ok":true)"), std::string::npos);
  EXPECT_EQ(rows[0].reply.size(), reply.size());
}

TEST_F(RedactionTest, APatternInTheTargetIsGoneFromTheListToo) {
  start_with({{}, {}, {"token=([a-z0-9]+)"}});
  run("GET /a?token=abc123 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", 64);
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].request.find("abc123"), std::string::npos);
  EXPECT_EQ(rows[0].resource.find("abc123"), std::string::npos);
  EXPECT_EQ(rows[0].resource.substr(0, 9), "/a?token=");
}

}  // namespace
}  // namespace understudy
