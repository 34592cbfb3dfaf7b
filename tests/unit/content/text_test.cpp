// Forms, multipart bodies, percent-encoding, media types, hexadecimal, Base64.
#include <gtest/gtest.h>

#include "protocols/content/base64.h"
#include "protocols/content/form.h"
#include "protocols/content/hex.h"
#include "protocols/content/media_type.h"
#include "protocols/content/multipart.h"
#include "protocols/content/percent.h"

namespace understudy {
namespace {

Bytes normalized(ByteView path) {
  Bytes out;
  append_normalized_path(path, out);
  return out;
}
Bytes canonical(ByteView form) {
  Bytes out;
  append_canonical_form(form, out);
  return out;
}

TEST(Percent, HasOneSpellingForEachPath) {
  EXPECT_EQ(normalized("/%41%7e%2f%c3"), "/A~%2F%C3");
  EXPECT_EQ(normalized("/a%zz%4"), "/a%zz%4");
  EXPECT_EQ(normalized("/a/../b//C/"), "/a/../b//C/");
  EXPECT_EQ(percent_decoded("a+b%2B%", true), "a b+%");
  EXPECT_EQ(percent_decoded("a+b", false), "a+b");
}

TEST(Form, IsAMultiset) {
  EXPECT_EQ(canonical("b=2&a=1&a=1"), "a=1&a=1&b=2");
  EXPECT_EQ(canonical("&&x&=y&"), "=y&x=");
  EXPECT_EQ(canonical("k=%3d%26"), "k=%3D%26");
  EXPECT_EQ(canonical(""), "");
}

TEST(Multipart, HasParts) {
  const Bytes type = "multipart/form-data; boundary=\"b b\"";
  const Bytes body =
      "preamble\r\n--b b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f;\\\"x\"\r\n"
      "Content-Type: text/plain\r\n\r\nline\r\nline\r\n--b b\r\n\r\n\r\n--b b--\r\nepilogue";
  const auto parts = multipart_parts(type, body);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].name, "a");
  EXPECT_EQ(parts[0].filename, "f;\"x");
  EXPECT_EQ(parts[0].content_type, "text/plain");
  EXPECT_EQ(parts[0].content, "line\r\nline");
  EXPECT_EQ(parts[1].content, "");
  for (std::size_t size = 0; size + 12 < body.size(); ++size) {
    EXPECT_TRUE(multipart_parts(type, body.substr(0, size)).empty()) << size;
  }
  EXPECT_TRUE(multipart_parts("multipart/mixed", body).empty());
}

TEST(MediaType, KnowsBodies) {
  EXPECT_EQ(body_kind("application/json; charset=utf-8"), BodyKind::Json);
  EXPECT_EQ(body_kind("application/problem+JSON"), BodyKind::Json);
  EXPECT_EQ(body_kind("application/x-www-form-urlencoded"), BodyKind::Form);
  EXPECT_EQ(body_kind("Multipart/Mixed; boundary=x"), BodyKind::Multipart);
  EXPECT_EQ(body_kind("application/jsonp"), BodyKind::Other);
  EXPECT_EQ(body_kind(""), BodyKind::Other);
  EXPECT_EQ(parameter("text/plain; a=1 ; b = \"2;\" ;c=3", "B"), "2;");
  EXPECT_EQ(parameter("text/plain; a=1 ; b = \"2;\" ;c=3", "c"), "3");
  EXPECT_EQ(parameter("text/plain; flag; c=3", "c"), "3");
  EXPECT_EQ(parameter("text/plain; a=1", "z"), "");
}

TEST(Hex, TellsTextFromBytes) {
  EXPECT_EQ(to_hex(Bytes("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_TRUE(is_text("a\tb\r\n\xC3\xA9"));
  EXPECT_FALSE(is_text(ByteView("a\0b", 3)));
  EXPECT_FALSE(is_text("\xC3"));
  EXPECT_FALSE(is_text("\xFF"));
}

TEST(Base64Text, IsThatOfTheStandard) {  // RFC 4648 §10
  EXPECT_EQ(base64_text(""), "");
  EXPECT_EQ(base64_text("f"), "Zg==");
  EXPECT_EQ(base64_text("fo"), "Zm8=");
  EXPECT_EQ(base64_text("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_text("\xff\xfe"), "//4=");
}

}  // namespace
}  // namespace understudy
