#include "replayer/pacing.h"

#include "replayer/reply_slice.h"

#include <gtest/gtest.h>

#include <array>

namespace understudy {
namespace {

using namespace std::chrono_literals;

RecordedExchange with(std::vector<Chunk> chunks) {
  RecordedExchange exchange;
  exchange.chunks = std::move(chunks);
  return exchange;
}

TEST(ReplyPace, CountsFromTheEndOfTheRequest) {
  const auto pace = reply_pace(with({{Side::Client, 10, 0us},
                                     {Side::Client, 5, 30ms},
                                     {Side::Server, 7, 50ms},
                                     {Side::Server, 8, 60ms}}));
  EXPECT_EQ(pace, (std::vector<PaceStep>{{7, 20ms}, {8, 10ms}}));
}

TEST(ReplyPace, PortionsWithoutAGapAreOne) {
  const auto pace = reply_pace(with({{Side::Server, 1, 5ms}, {Side::Server, 2, 5ms}}));
  EXPECT_EQ(pace, (std::vector<PaceStep>{{3, 5ms}}));
}

TEST(ReplyPace, ClocksThatStepBackGiveNoNegativeGap) {
  const auto pace =
      reply_pace(with({{Side::Client, 1, 9ms}, {Side::Server, 1, 3ms}, {Side::Server, 1, 12ms}}));
  EXPECT_EQ(pace, (std::vector<PaceStep>{{1, 0us}, {1, 3ms}}));
  EXPECT_TRUE(reply_pace(with({})).empty());
}

TEST(Pacer, ScalesGapsAndDoesNotDrift) {
  const Instant start{1h};
  Pacer pacer(1.5);
  pacer.arrival(start);
  EXPECT_EQ(pacer.next(100ms), start + 150ms);
  EXPECT_EQ(pacer.next(100ms), start + 300ms);
  Pacer none(0);
  EXPECT_FALSE(none.waits());
  none.arrival(start);
  EXPECT_EQ(none.next(10s), start);
}

TEST(Pacer, AnAbsurdGapIsBounded) {
  Pacer pacer(1e9);
  pacer.arrival(Instant{});
  EXPECT_EQ(pacer.next(std::chrono::hours(24 * 365)), Instant{} + kMaxGap);
}

TEST(ReplySlice, EveryCutOfPiecesAndStoredBytesIsWhole) {
  const std::array<ByteView, 3> pieces{"ab", "", "cde"};
  const StoredBytes stored{7, 100, 4};
  for (std::uint64_t cut = 0; cut <= 9; ++cut) {
    std::string bytes;
    std::uint64_t from_store = 0;
    for (const auto& [begin, end] :
         {std::pair{std::uint64_t{0}, cut}, std::pair{cut, std::uint64_t{9}}}) {
      Outbox out;
      append_slice(pieces, stored, begin, end, out);
      for (const ByteView piece : out.pieces)
        bytes += piece;
      if (out.stored.size == 0) continue;
      EXPECT_EQ(out.stored.offset, 100 + from_store);
      from_store += out.stored.size;
    }
    EXPECT_EQ(bytes, "abcde") << cut;
    EXPECT_EQ(from_store, 4u) << cut;
  }
}

}  // namespace
}  // namespace understudy
