#include "ui/cli/message_view.h"

#include "protocols/registry.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

const Bytes kRequest = "POST /a HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\n\r\nhello";

ShownMessage shown(const Bytes& bytes, std::span<const Edit> edits = {}) {
  ShownMessage message;
  message.bytes = bytes;
  message.full_size = bytes.size();
  message.edits = edits;
  return message;
}

TEST(SentAs, AppliesTheEditsOfALine) {
  const Bytes line = "Host: localhost:8080\r\n";
  const std::vector<Edit> edits{{18 + 6, 14, "api:80"}};
  EXPECT_EQ(sent_as(line, 18, edits), "Host: api:80\r\n");
  EXPECT_EQ(sent_as("Other: x\r\n", 40, edits), "Other: x\r\n");
}

TEST(SentAs, KnowsInsertionsAndWholeLines) {
  const std::vector<Edit> left_out{{10, 8, ""}};
  EXPECT_EQ(sent_as("Abc: 1\r\n", 10, left_out), "");
  const std::vector<Edit> inserted{{10, 0, "New: 1\r\n"}};
  EXPECT_EQ(sent_as("Abc: 1\r\n", 10, inserted), "New: 1\r\nAbc: 1\r\n");
}

TEST(MessageText, ShowsHeadEditsAndBody) {
  const std::size_t at = kRequest.find("localhost");
  const std::vector<Edit> edits{{at, 14, "api:80"}};
  EXPECT_EQ(message_text(shown(kRequest, edits), find_protocol("http")),
            "  POST /a HTTP/1.1\n"
            "  Host: localhost:8080\n"
            "      sent as: Host: api:80\n"
            "  Content-Length: 5\n"
            "\n"
            "  hello\n");
}

TEST(MessageText, BinaryBodiesAreDumpedInPart) {
  const Bytes reply = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + Bytes(100, '\0');
  ShownMessage message = shown(reply);
  message.from = Side::Server;
  const std::string text = message_text(message, find_protocol("http"));
  EXPECT_NE(text.find("00000030  00 00"), std::string::npos) << text;
  EXPECT_NE(text.find("cut here: 64 B of 100 B are shown"), std::string::npos) << text;
}

TEST(ContentText, TruncationIsAlwaysSaid) {
  EXPECT_EQ(content_text("abc", 3), "  abc\n");
  EXPECT_NE(content_text("abc", 1000).find("3 B of 1.0 kB"), std::string::npos);
}

TEST(ContentText, ACharacterCutInHalfIsStillText) {
  EXPECT_TRUE(content_text("abc\xC3", 1000).starts_with("  abc\n"));
}

}  // namespace
}  // namespace understudy
