// Stand-ins keep length and class, hang on the secret alone, and never are the secret.
#include "protocols/content/redactor.h"

#include <gtest/gtest.h>

#include "protocols/content/json_canonical.h"

namespace understudy {
namespace {

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

Redactor make(RedactRules rules) {
  return *Redactor::make(rules, fake_hash);
}

Bytes stand_in(Bytes secret) {
  make({}).stand_in(secret.data(), secret.size());
  return secret;
}

char class_of(char c) {
  if (c >= '0' && c <= '9') return '0';
  if (c >= 'a' && c <= 'z') return 'a';
  return c >= 'A' && c <= 'Z' ? 'A' : c;
}

TEST(StandIn, KeepsLengthAndClassAndDiffers) {
  for (const Bytes& secret : {Bytes("Bearer abc-123_XYZ"), Bytes("7"), Bytes("a"), Bytes("Z"),
                              Bytes("4111 1111 1111 1111"), Bytes(500, 'q')}) {
    const Bytes other = stand_in(secret);
    ASSERT_EQ(other.size(), secret.size());
    EXPECT_NE(other, secret);
    EXPECT_EQ(other, stand_in(secret));
    for (std::size_t i = 0; i < secret.size(); ++i)
      EXPECT_EQ(class_of(other[i]), class_of(secret[i]));
  }
  EXPECT_EQ(stand_in("--- !"), "--- !");
  EXPECT_NE(stand_in("secret1"), stand_in("secret2"));
}

TEST(StandIn, DiffersEvenWhereTheHashWouldNot) {
  const StandIn zero = [](ByteView) { return Bytes(32, '\0'); };
  const auto redactor = Redactor::make({}, zero);
  Bytes secret = "a0A";
  redactor->stand_in(secret.data(), secret.size());
  EXPECT_EQ(secret, "b0A");
}

TEST(StandIn, HidesLettersBeyondAsciiAndStaysUtf8) {
  const Bytes secret = "\xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C";
  const Bytes other = stand_in(secret);
  EXPECT_NE(other, secret);
  for (std::size_t i = 0; i < other.size(); ++i) {
    EXPECT_EQ(static_cast<unsigned char>(other[i]) & 0xC0,
              static_cast<unsigned char>(secret[i]) & 0xC0);
  }
}

TEST(Redactor, ReplacesPatternsByGroupOrWhole) {
  RedactRules rules;
  rules.patterns = {"pw=(\\w+)", "\\d{4}-\\d{4}"};
  const Redactor redactor = make(rules);
  Bytes text = "pw=hunter2&x=1234-5678&pw=hunter2";
  EXPECT_TRUE(redactor.patterns(text));
  EXPECT_EQ(text.substr(0, 3), "pw=");
  EXPECT_EQ(text.find("hunter2"), Bytes::npos);
  EXPECT_EQ(text.find("1234-5678"), Bytes::npos);
  EXPECT_EQ(text.substr(3, 7), text.substr(26, 7));
  Bytes none = "nothing";
  EXPECT_FALSE(redactor.patterns(none));
}

TEST(Redactor, FindsPatternsInBytesThatAreNoText) {
  RedactRules rules;
  rules.patterns = {"KEY(....)", "x*"};
  Bytes bytes = Bytes("\xff\x00\xfe", 3) + "KEYabcd" + '\x80';
  EXPECT_TRUE(make(rules).patterns(bytes));
  EXPECT_EQ(bytes.find("abcd"), Bytes::npos);
  EXPECT_EQ(bytes.size(), 11U);
}

TEST(Redactor, KeepsJsonValidWhateverItReplaces) {
  RedactRules rules;
  rules.json_pointers = {"/s", "/n/*"};
  const Redactor redactor = make(rules);
  const Bytes before =
      R"({"s":"a\n\"\\\u00e9\ud83d\ude00 z9","n":[0,10,-1.50e3,100000,7],"keep":"a","t":true})";
  Bytes text = before;
  EXPECT_TRUE(redactor.json(text));
  EXPECT_EQ(text.size(), before.size());
  EXPECT_NE(text, before);
  Bytes canonical;
  EXPECT_TRUE(append_canonical_json(text, canonical)) << text;
  EXPECT_NE(text.find(R"("keep":"a","t":true)"), Bytes::npos);
  for (const char* number : {"[0,", ",10,", ",100000,", ",7]"}) {
    EXPECT_EQ(text.find(number), Bytes::npos) << number << " in " << text;
  }
  Bytes other = "not JSON";
  EXPECT_FALSE(redactor.json(other));
}

TEST(Redactor, NamesWhatItCannotRead) {
  RedactRules pattern;
  pattern.patterns = {"a(b"};
  const auto bad_pattern = Redactor::make(pattern, fake_hash);
  ASSERT_FALSE(bad_pattern);
  EXPECT_NE(bad_pattern.error().what.find("a(b"), std::string::npos);
  EXPECT_EQ(bad_pattern.error().source, ErrorSource::Config);
  RedactRules pointer;
  pointer.json_pointers = {"card"};
  const auto bad_pointer = Redactor::make(pointer, fake_hash);
  ASSERT_FALSE(bad_pointer);
  EXPECT_NE(bad_pointer.error().what.find("\"card\""), std::string::npos);
}

TEST(Redactor, SaysWhatItTouches) {
  RedactRules rules;
  rules.headers = {"Authorization"};
  const Redactor redactor = make(rules);
  EXPECT_TRUE(redactor.redacts_header("AUTHORIZATION"));
  EXPECT_FALSE(redactor.redacts_header("Authorizations"));
  EXPECT_FALSE(redactor.touches_body());
  EXPECT_FALSE(redactor.empty());
  EXPECT_TRUE(make({}).empty());
}

}  // namespace
}  // namespace understudy
