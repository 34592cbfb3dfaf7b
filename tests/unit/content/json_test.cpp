// JSON read in place: what is JSON, what means the same, where values lie.
#include <gtest/gtest.h>

#include "protocols/content/json_canonical.h"
#include "protocols/content/json_leaves.h"

namespace understudy {
namespace {

Bytes canonical(ByteView text) {
  Bytes out;
  return append_canonical_json(text, out) ? out : "(not JSON)";
}

TEST(Json, MeansTheSameInManySpellings) {
  EXPECT_EQ(canonical(R"({"a":1,"b":[true,null]})"),
            canonical(" { \"b\" : [true , null], \"a\" : 1.0 } "));
  EXPECT_EQ(canonical(R"("\u00e9\n\/")"), canonical("\"\xC3\xA9\\u000a/\""));
  EXPECT_EQ(canonical(R"("\ud83d\ude00")"), canonical("\"\xF0\x9F\x98\x80\""));
  EXPECT_NE(canonical("[1,2]"), canonical("[2,1]"));
  EXPECT_NE(canonical("1"), canonical("\"1\""));
  EXPECT_NE(canonical(R"({"a":"b\",\"c"})"), canonical(R"({"a":"b","c":""})"));
}

TEST(Json, ComparesNumbersByValueWithoutRounding) {
  for (const char* one : {"1", "1.0", "10e-1", "1E0", "0.1e+1", "1.000"}) {
    EXPECT_EQ(canonical_number(one), "1e0") << one;
  }
  EXPECT_EQ(canonical_number("-0.0"), "0e0");
  EXPECT_EQ(canonical_number("1200"), canonical_number("1.2e3"));
  EXPECT_NE(canonical_number("12345678901234567890"), canonical_number("12345678901234567891"));
  EXPECT_NE(canonical_number("1e99999999999999999999"),
            canonical_number("-1e99999999999999999999"));
}

TEST(Json, IsReadStrictly) {
  for (const char* text :
       {"", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "nul", "tru e", "\"a",
        "\"\\x\"", "\"\\u12g4\"", "\"\t\"", "[1] 2", "{a:1}", "'a'", "{\"a\"}"}) {
    EXPECT_EQ(canonical(text), "(not JSON)") << text;
  }
  EXPECT_EQ(canonical(Bytes(kMaxJsonDepth + 1, '[')), "(not JSON)");
  EXPECT_NE(canonical(Bytes(kMaxJsonDepth, '[') + Bytes(kMaxJsonDepth, ']')), "(not JSON)");
  EXPECT_EQ(canonical(Bytes(1'000'000, '[')), "(not JSON)");
}

TEST(Json, KnowsItsLeavesAndWhereTheyLie) {
  const Bytes text = R"({"a":{"b/c":[10,"x\ty"]},"d":null})";
  const auto leaves = json_leaves(text, 100);
  ASSERT_TRUE(leaves);
  ASSERT_EQ(leaves->size(), 3U);
  EXPECT_EQ((*leaves)[0].pointer, "/a/b~1c/0");
  EXPECT_EQ((*leaves)[0].value, "10");
  EXPECT_EQ((*leaves)[1].value, "x\ty");
  EXPECT_EQ(text.substr((*leaves)[1].range.begin, (*leaves)[1].range.size()), "x\\ty");
  EXPECT_EQ((*leaves)[2].pointer, "/d");
  EXPECT_EQ(json_leaves(text, 2)->size(), 2U);
}

TEST(Json, FindsPlacesByPointer) {
  const Bytes text = R"({"a":[{"n":"1"},{"n":"2"}],"n":"3","a~/b":4})";
  const auto places = [&](ByteView pointer) {
    std::string found;
    const auto named = json_places(text, {*parse_json_pointer(pointer)});
    for (const JsonPlace& place : *named) {
      found += text.substr(place.range.begin, place.range.size());
    }
    return found;
  };
  EXPECT_EQ(places("/a/1/n"), "2");
  EXPECT_EQ(places("/a/*/n"), "12");
  EXPECT_EQ(places("/a"), "12");
  EXPECT_EQ(places("/a~0~1b"), "4");
  EXPECT_EQ(places("/x"), "");
  EXPECT_EQ(places(""), "1234");
  EXPECT_FALSE(parse_json_pointer("a"));
  EXPECT_FALSE(parse_json_pointer("/a~2"));
}

}  // namespace
}  // namespace understudy
