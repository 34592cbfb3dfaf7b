#include "protocols/transport/leaf_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

namespace understudy {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr sys_seconds kStart{seconds{1'800'000'000}};

/// Counts what it makes; the leaves are empty, the cache never looks into them.
class Maker {
 public:
  Result<SharedCertifiedKey> get(LeafCache& cache, const std::string& key,
                                 sys_seconds at = kStart) {
    return cache.get(key, at, [&]() -> Result<FreshLeaf> {
      ++made_;
      return FreshLeaf{std::make_shared<const CertifiedKey>(nullptr, nullptr, nullptr),
                       at + seconds{100}};
    });
  }
  [[nodiscard]] int made() const { return made_; }

 private:
  std::atomic<int> made_ = 0;
};

TEST(LeafCache, MakesOnceAndKeeps) {
  LeafCache cache(10);
  Maker maker;
  const Result<SharedCertifiedKey> first = maker.get(cache, "a");
  EXPECT_EQ(*maker.get(cache, "a"), *first);
  EXPECT_NE(*maker.get(cache, "b"), *first);
  EXPECT_EQ(maker.made(), 2);
}

TEST(LeafCache, TheOneUsedLongestAgoGoes) {
  LeafCache cache(3);
  Maker maker;
  for (const char* key : {"a", "b", "c", "a", "d"}) {
    ASSERT_TRUE(maker.get(cache, key));
    EXPECT_LE(cache.size(), 3U);
  }
  EXPECT_EQ(maker.made(), 4);
  ASSERT_TRUE(maker.get(cache, "a"));
  EXPECT_EQ(maker.made(), 4);
  ASSERT_TRUE(maker.get(cache, "b"));
  EXPECT_EQ(maker.made(), 5);
}

TEST(LeafCache, WhatWasEvictedLivesOnWithItsUser) {
  LeafCache cache(1);
  Maker maker;
  const Result<SharedCertifiedKey> held = maker.get(cache, "a");
  ASSERT_TRUE(maker.get(cache, "b"));
  EXPECT_EQ(held->use_count(), 1);
}

TEST(LeafCache, MakesAnewWhenItIsTime) {
  LeafCache cache(10);
  Maker maker;
  const Result<SharedCertifiedKey> first = maker.get(cache, "a");
  EXPECT_EQ(*maker.get(cache, "a", kStart + seconds{99}), *first);
  EXPECT_NE(*maker.get(cache, "a", kStart + seconds{100}), *first);
  EXPECT_EQ(maker.made(), 2);
}

TEST(LeafCache, AnErrorIsNotKept) {
  LeafCache cache(10);
  const auto failed = cache.get("a", kStart, []() -> Result<FreshLeaf> {
    return std::unexpected(Error(ErrorSource::Internal, "", "no luck"));
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "no luck");
  Maker maker;
  EXPECT_TRUE(maker.get(cache, "a"));
}

TEST(LeafCache, AStampedeMakesEachOnce) {
  constexpr int kThreads = 8, kNames = 50;
  LeafCache cache(kNames);
  Maker maker;
  std::vector<std::vector<SharedCertifiedKey>> got(kThreads);
  std::barrier start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : got) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < kNames; ++i)
          mine.push_back(*maker.get(cache, std::to_string(i)));
      });
    }
  }
  EXPECT_EQ(maker.made(), kNames);
  for (const auto& theirs : got)
    EXPECT_EQ(theirs, got.front());
}

}  // namespace
}  // namespace understudy
