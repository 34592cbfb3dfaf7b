#include "replayer/exchange_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace understudy {
namespace {

Stub stub(std::int64_t id, Bytes condition = "") {
  Stub made;
  made.id = id;
  made.number = id;
  made.condition = std::move(condition);
  return made;
}

MatchKey key(Bytes text, Bytes condition = "") {
  return {std::move(text), std::move(condition)};
}

std::int64_t track_of(const ExchangeIndex& index, const MatchKey& wanted) {
  return index.find(wanted, key_hash(wanted.key));
}

/// "1 2 2*": the numbers that answer, '*' = exhausted, "-" = a miss.
std::string ask(AnswerCursors& cursors, const ExchangeIndex& index, const MatchKey& wanted,
                int times) {
  std::string answers;
  for (int i = 0; i < times; ++i) {
    if (!answers.empty()) answers += ' ';
    const std::int64_t track = track_of(index, wanted);
    const AnswerCursors::Answer answer = track < 0 ? AnswerCursors::Answer{} : cursors.take(track);
    answers += answer.stub == nullptr ? "-" : std::to_string(answer.stub->number);
    if (answer.outcome == Outcome::Exhausted) answers += '*';
  }
  return answers;
}

ExchangeIndex three_answers() {
  ExchangeIndex index;
  index.add("a", stub(3));  // read late: order is by id, not by arrival
  index.add("a", stub(1));
  index.add("b", stub(4));
  index.add("a", stub(2));
  index.seal();
  return index;
}

TEST(ExchangeIndex, RepeatsWalkTheRecordedOrderThenStick) {
  const ExchangeIndex index = three_answers();
  AnswerCursors cursors(index, AfterLast::Stick);
  EXPECT_EQ(ask(cursors, index, key("a"), 5), "1 2 3 3* 3*");
  EXPECT_EQ(ask(cursors, index, key("b"), 2), "4 4*");  // a cursor for each key
}

TEST(ExchangeIndex, RepeatsLoop) {
  const ExchangeIndex index = three_answers();
  AnswerCursors cursors(index, AfterLast::Loop);
  EXPECT_EQ(ask(cursors, index, key("a"), 7), "1 2 3 1* 2* 3* 1*");
}

TEST(ExchangeIndex, RepeatsMissAfterTheLast) {
  const ExchangeIndex index = three_answers();
  AnswerCursors cursors(index, AfterLast::Miss);
  EXPECT_EQ(ask(cursors, index, key("a"), 5), "1 2 3 - -");
}

TEST(ExchangeIndex, UnknownKeyIsNotFound) {
  const ExchangeIndex index = three_answers();
  EXPECT_EQ(track_of(index, key("c")), -1);
  EXPECT_EQ(track_of(index, key("")), -1);
}

TEST(ExchangeIndex, UnusedAreThoseThatAnsweredNothing) {
  const ExchangeIndex index = three_answers();
  AnswerCursors cursors(index, AfterLast::Stick);
  ask(cursors, index, key("a"), 1);
  std::vector<std::int64_t> unused;
  for (const std::uint32_t at : cursors.unused())
    unused.push_back(index.stubs()[at].number);
  std::ranges::sort(unused);
  EXPECT_EQ(unused, (std::vector<std::int64_t>{2, 3, 4}));
}

TEST(ExchangeIndex, ConditionsOrderAnswersAndExcludeNone) {
  ExchangeIndex index;
  index.add("a", stub(1));
  index.add("a", stub(2, "etag1"));
  index.add("a", stub(3));
  index.add("a", stub(4, "etag2"));
  index.seal();
  AnswerCursors cursors(index, AfterLast::Stick);
  EXPECT_EQ(ask(cursors, index, key("a", "etag2"), 1), "4");
  EXPECT_EQ(ask(cursors, index, key("a"), 1), "1");
  EXPECT_EQ(ask(cursors, index, key("a", "etag1"), 2), "2 2*");
  // Not recorded: an unconditional answer is never wrong, a 304 for another tag would be.
  EXPECT_EQ(ask(cursors, index, key("a", "etag3"), 1), "3");
  EXPECT_EQ(ask(cursors, index, key("a"), 1), "3*");  // never 2 or 4
}

TEST(ExchangeIndex, OnlyConditionalAnswersServeAnyRequest) {
  ExchangeIndex index;
  index.add("a", stub(1, "x"));
  index.add("a", stub(2, "y"));
  index.seal();
  AnswerCursors cursors(index, AfterLast::Stick);
  EXPECT_EQ(ask(cursors, index, key("a"), 3), "1 2 2*");
  EXPECT_EQ(ask(cursors, index, key("a", "y"), 1), "2");
}

TEST(ExchangeIndex, HundredThousandKeysAreFoundAtOnce) {
  constexpr int kKeys = 100'000;
  ExchangeIndex index;
  for (int i = 0; i < kKeys; ++i)
    index.add("GET /orders/" + std::to_string(i), stub(i + 1));
  index.seal();
  AnswerCursors cursors(index, AfterLast::Stick);
  MatchKey wanted;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kKeys; ++i) {
    wanted.key = "GET /orders/" + std::to_string(i);
    ASSERT_EQ(cursors.take(track_of(index, wanted)).stub->id, i + 1);
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took / kKeys, std::chrono::microseconds(20));  // a scan would take milliseconds
  EXPECT_TRUE(cursors.unused().empty());
}

}  // namespace
}  // namespace understudy
