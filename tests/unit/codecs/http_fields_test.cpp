// HTTP messages taken apart for people.
#include <gtest/gtest.h>

#include "protocols/registry.h"

namespace understudy {
namespace {

const Protocol& http() {
  return *find_protocol("http");
}

std::string value_of(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return field.value;
  }
  return "(none)";
}

TEST(HttpFields, NamesThePartsOfARequestAndWhereTheyLie) {
  const Bytes request =
      "POST /a/b?q=1%202&r HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
      "Content-Length: 33\r\n\r\n{\"items\":[{\"id\":7,\"n\":\"\\u00e9\"}]}";
  const auto fields = http().fields(Side::Client, request);
  EXPECT_EQ(value_of(fields, "method"), "POST");
  EXPECT_EQ(value_of(fields, "path"), "/a/b");
  EXPECT_EQ(value_of(fields, "query.q"), "1 2");
  EXPECT_EQ(value_of(fields, "query.r"), "");
  EXPECT_EQ(value_of(fields, "header.host"), "x");
  for (const Field& field : fields) {
    if (field.range.size() == 0) continue;
    const Bytes there = request.substr(field.range.begin, field.range.size());
    EXPECT_EQ(there, field.name == "body:/items/0/n" ? "\\u00e9" : field.value) << field.name;
  }
}

TEST(HttpFields, ReadsFormsAndBinaryBodies) {
  const auto form = http().fields(
      Side::Client,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: 7\r\n\r\na=b+c&d");
  EXPECT_EQ(value_of(form, "form.a"), "b c");
  const auto binary = http().fields(
      Side::Server, Bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n") + '\x01' + '\xff');
  EXPECT_EQ(value_of(binary, "status"), "200");
  EXPECT_EQ(value_of(binary, "body"), "01ff");
}

TEST(HttpDetail, RemovesTransferAndContentCodings) {
  const auto detail = http().detail(Side::Server,
                                    "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\n"
                                    "Transfer-Encoding: chunked\r\nX: 2\r\n\r\n"
                                    "2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: t\r\n\r\n");
  ASSERT_TRUE(detail);
  EXPECT_EQ(detail->body, "hello");
  EXPECT_TRUE(detail->body_decoded);
  ASSERT_EQ(detail->headers.size(), 3U);
  EXPECT_EQ(detail->headers[2], (std::pair<std::string, std::string>("X", "2")));
  const auto unknown = http().detail(
      Side::Server, "HTTP/1.1 200 OK\r\nContent-Encoding: x\r\nContent-Length: 2\r\n\r\nab");
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(unknown->body_decoded);
  EXPECT_EQ(unknown->body, "ab");
  EXPECT_FALSE(http().detail(Side::Server, "nothing of the kind"));
}

TEST(HttpFacts, AreReadFromTheBytes) {
  const OwnedFacts facts =
      http().facts("GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\n",
                   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n\r\n");
  EXPECT_EQ(facts.method, "GET");
  EXPECT_EQ(facts.resource, "/p?q");
  EXPECT_EQ(facts.status, 201);
}

}  // namespace
}  // namespace understudy
