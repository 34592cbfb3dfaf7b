// The table of keys where it has edges: hashes that are equal or meet at its end, growth, free
// slots.
#include "replayer/key_table.h"

#include <gtest/gtest.h>

#include <string>

namespace understudy {
namespace {

TEST(KeyTable, FindsNothingWhereNothingWasAdded) {
  const KeyTable table;
  EXPECT_EQ(table.find("a", 1), KeyTable::kNone);
  EXPECT_EQ(table.find("", 0), KeyTable::kNone);
}

TEST(KeyTable, NumbersKeysInOrderOfAdding) {
  KeyTable table;
  EXPECT_EQ(table.add("a", 5), 0u);
  EXPECT_EQ(table.add("b", 6), 1u);
  EXPECT_EQ(table.add("a", 5), 0u);
  EXPECT_EQ(table.add("", 7), 2u);
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.find("b", 6), 1u);
  EXPECT_EQ(table.find("", 7), 2u);
}

TEST(KeyTable, TellsKeysOfOneHashApart) {
  KeyTable table;
  for (std::uint32_t i = 0; i < 1000; ++i)
    ASSERT_EQ(table.add("key " + std::to_string(i), 42), i);
  for (std::uint32_t i = 0; i < 1000; ++i)
    ASSERT_EQ(table.find("key " + std::to_string(i), 42), i);
  EXPECT_EQ(table.find("key 1000", 42), KeyTable::kNone);
  EXPECT_EQ(table.find("key 1", 43), KeyTable::kNone);
  EXPECT_EQ(table.find("key", 42), KeyTable::kNone);  // the begin of others
}

TEST(KeyTable, SlotsGoOnAtTheFront) {
  KeyTable table;
  constexpr std::uint64_t kLastSlot = ~std::uint64_t{0};  // of a table of any size
  for (std::uint32_t i = 0; i < 11; ++i)
    ASSERT_EQ(table.add(std::string(1, static_cast<char>('a' + i)), kLastSlot), i);
  EXPECT_EQ(table.find("k", kLastSlot), 10u);
  EXPECT_EQ(table.add("first", 0), 11u);  // its slot is taken by one from the end
  EXPECT_EQ(table.find("first", 0), 11u);
  EXPECT_EQ(table.find("l", kLastSlot), KeyTable::kNone);
}

TEST(KeyTable, GrowthKeepsEveryKey) {
  KeyTable table;
  constexpr std::uint32_t kKeys = 50'000;
  for (std::uint32_t i = 0; i < kKeys; ++i) {
    const std::string key = "GET /orders/" + std::to_string(i);
    ASSERT_EQ(table.add(key, key_hash(key)), i);
    ASSERT_EQ(table.find(key, key_hash(key)), i);
  }
  for (std::uint32_t i = 0; i < kKeys; ++i) {
    const std::string key = "GET /orders/" + std::to_string(i);
    ASSERT_EQ(table.find(key, key_hash(key)), i);
  }
}

TEST(KeyTable, LargeAndSmallKeysLieBesideEachOther) {
  KeyTable table;
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(table.add("small", 1), 0u);
  EXPECT_EQ(table.add(large, 2), 1u);
  EXPECT_EQ(table.add("small too", 3), 2u);
  EXPECT_EQ(table.find("small", 1), 0u);
  EXPECT_EQ(table.find(large, 2), 1u);
  EXPECT_EQ(table.find("small too", 3), 2u);
  EXPECT_EQ(table.find(large.substr(1), 2), KeyTable::kNone);
}

}  // namespace
}  // namespace understudy
