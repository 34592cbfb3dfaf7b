// Content codings are undone, within limits, and never trusted.
#include "protocols/content/codings.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

constexpr ByteView kText = "hello hello hello hello";

Bytes from_hex(ByteView text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(Bytes(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

const Bytes kGzip = from_hex("1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000");
const Bytes kZlib = from_hex("789ccb48cdc9c957c8402701680308b1");
const Bytes kRawDeflate = from_hex("cb48cdc9c957c8402701");
const Bytes kZstd = from_hex("28b52ffd04586500003068656c6c6f200100994b11175eae0d");
const Bytes kBrotli = from_hex("0b058068656c6c6f20776f726c6403");  // of "hello world"

TEST(Codings, AreUndone) {
  EXPECT_EQ(decode(Coding::Identity, kText), kText);
  EXPECT_EQ(decode(Coding::Gzip, kGzip), kText);
  EXPECT_EQ(decode(Coding::Gzip, kGzip + kGzip), Bytes(kText) + Bytes(kText));
  EXPECT_EQ(decode(Coding::Deflate, kZlib), kText);
  EXPECT_EQ(decode(Coding::Deflate, kRawDeflate), kText);
  EXPECT_EQ(decode(Coding::Zstd, kZstd), kText);
  EXPECT_EQ(decode(Coding::Brotli, kBrotli), "hello world");
}

TEST(Codings, AreRefusedWhenCutOrChanged) {
  const std::pair<Coding, Bytes> all[] = {{Coding::Gzip, kGzip},
                                          {Coding::Deflate, kZlib},
                                          {Coding::Zstd, kZstd},
                                          {Coding::Brotli, kBrotli}};
  for (const auto& [coding, coded] : all) {
    for (std::size_t size = 0; size < coded.size(); ++size) {
      EXPECT_FALSE(decode(coding, coded.substr(0, size))) << coding_name(coding) << " at " << size;
    }
    EXPECT_FALSE(decode(coding, coded + "x")) << coding_name(coding);
    EXPECT_FALSE(decode(coding, coded, 5)) << coding_name(coding);
  }
}

TEST(Codings, FitTheirLimitExactly) {
  EXPECT_TRUE(decode(Coding::Gzip, kGzip, kText.size()));
  EXPECT_FALSE(decode(Coding::Gzip, kGzip, kText.size() - 1));
  EXPECT_TRUE(decode(Coding::Zstd, kZstd, kText.size()));
  EXPECT_FALSE(decode(Coding::Identity, kText, kText.size() - 1));
}

TEST(Codings, HaveNames) {
  EXPECT_EQ(coding_named("X-GZip"), Coding::Gzip);
  EXPECT_EQ(coding_named("br"), Coding::Brotli);
  EXPECT_EQ(coding_named(""), Coding::Identity);
  EXPECT_FALSE(coding_named("lzma"));
  EXPECT_EQ(coding_name(Coding::Zstd), "zstd");
}

}  // namespace
}  // namespace understudy
