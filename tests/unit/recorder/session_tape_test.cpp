#include "recorder/session_tape.h"

#include <gtest/gtest.h>

#include "protocols/core/chunk_list.h"
#include "protocols/registry.h"
#include "tests/support/memory_sink.h"

namespace understudy {
namespace {

using testing::MemorySink;

constexpr Timestamp kStart{std::chrono::seconds(1'700'000'000)};

class SessionTapeTest : public ::testing::Test {
 protected:
  void SetUp() override { tape_.set_time(kStart); }
  /// A whole small exchange.
  void exchange(ExchangeNo number, ByteView request, ByteView reply) {
    tape_.begin(number, Side::Client, 1);
    tape_.head(number, Side::Client, request);
    tape_.facts(number, {"GET", "/a", 0});
    tape_.message_end(number, Side::Client);
    tape_.head(number, Side::Server, reply);
    tape_.facts(number, {{}, {}, 200});
    tape_.message_end(number, Side::Server);
    tape_.end(number, Ending::Complete, "");
  }

  MemorySink sink_;
  RowOutbox outbox_{sink_, false};
  SessionTape tape_{outbox_, 7, "http", nullptr};
};

TEST_F(SessionTapeTest, AShortExchangeIsOneRow) {
  exchange(1, "GET /a", "200 OK");
  outbox_.beat();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].request, "GET /a");
  EXPECT_EQ(rows[0].reply, "200 OK");
  EXPECT_EQ(rows[0].method, "GET");
  EXPECT_EQ(rows[0].row.status, 200);
  EXPECT_EQ(rows[0].row.session, 7);
  EXPECT_FALSE(rows[0].open);
  EXPECT_EQ(rows[0].segments + rows[0].updates, 0);
  EXPECT_TRUE(outbox_.idle());
}

TEST_F(SessionTapeTest, AnExchangeAcrossOneBeatStaysOneRow) {
  tape_.begin(1, Side::Client, 1);
  tape_.head(1, Side::Client, "GET /a");
  outbox_.beat();
  EXPECT_TRUE(sink_.exchanges().empty());
  tape_.head(1, Side::Server, "200");
  tape_.end(1, Ending::Complete, "");
  outbox_.beat();
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_EQ(sink_.exchanges()[0].updates, 0);
}

TEST_F(SessionTapeTest, WhatIsOpenAtTheSecondBeatIsWrittenAndGoesOnInSegments) {
  tape_.begin(1, Side::Client, 1);
  tape_.head(1, Side::Client, "GET /big");
  outbox_.beat();
  outbox_.beat();
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_TRUE(sink_.exchanges()[0].open);
  tape_.head(1, Side::Server, "200 ");
  tape_.body(1, Side::Server, "first ");
  outbox_.beat();
  tape_.body(1, Side::Server, "second");
  tape_.end(1, Ending::CutByUpstream, "the upstream broke off");
  outbox_.beat();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].reply, "200 first second");
  EXPECT_EQ(rows[0].segments, 2);
  EXPECT_FALSE(rows[0].open);
  EXPECT_EQ(rows[0].row.ending, Ending::CutByUpstream);
  EXPECT_EQ(rows[0].note, "the upstream broke off");
}

TEST_F(SessionTapeTest, AnIdleOpenExchangeLetsTheBeatRest) {
  tape_.begin(1, Side::Client, 1);
  tape_.body(1, Side::Client, "hello");
  outbox_.beat();
  outbox_.beat();
  EXPECT_TRUE(outbox_.idle()) << "written and silent: nothing waits for a beat";
  tape_.body(1, Side::Server, "world");
  EXPECT_FALSE(outbox_.idle());
}

TEST_F(SessionTapeTest, ALargeBodyLeavesMemoryAsItComes) {
  const Bytes piece(kSpillBytes / 4, 'x');
  tape_.begin(1, Side::Client, 1);
  tape_.head(1, Side::Client, "GET /huge");
  for (int i = 0; i < 64; ++i)
    tape_.body(1, Side::Server, piece);
  EXPECT_LE(outbox_.batch().bytes.size(), kMaxBatchBytes + kSpillBytes * 2);
  tape_.end(1, Ending::Complete, "");
  outbox_.flush();
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_EQ(sink_.exchanges()[0].reply.size(), piece.size() * 64);
}

TEST_F(SessionTapeTest, WhereManyHoldMuchEachSpillsEarly) {
  const Bytes piece(kCrowdedSpillBytes, 'x');
  tape_.begin(1, Side::Client, 1);
  tape_.body(1, Side::Server, piece);
  EXPECT_TRUE(outbox_.batch().exchanges.empty());
  outbox_.holds(kCrowdedBytes);
  tape_.body(1, Side::Server, "y");
  EXPECT_EQ(outbox_.batch().exchanges.size(), 1u);
  outbox_.holds(-kCrowdedBytes);
  EXPECT_FALSE(outbox_.crowded()) << "what is written is no longer held";
  tape_.end(1, Ending::Complete, "");
}

TEST_F(SessionTapeTest, AnExchangeThatNobodyEndedIsKeptOpen) {
  {
    SessionTape abandoned(outbox_, 8, "raw", nullptr);
    abandoned.begin(1, Side::Client, 1);
    abandoned.body(1, Side::Client, "kept");
  }
  outbox_.flush();
  ASSERT_EQ(sink_.exchanges().size(), 1u);
  EXPECT_EQ(sink_.exchanges()[0].request, "kept");
  EXPECT_TRUE(sink_.exchanges()[0].open);
}

TEST_F(SessionTapeTest, PipelinedExchangesKeepTheirBytesApart) {
  tape_.begin(1, Side::Client, 1);
  tape_.head(1, Side::Client, "one");
  tape_.begin(2, Side::Client, 1);
  tape_.head(2, Side::Client, "two");
  tape_.head(1, Side::Server, "first");
  tape_.end(1, Ending::Complete, "");
  tape_.head(2, Side::Server, "second");
  tape_.end(2, Ending::Complete, "");
  exchange(3, "three", "third");
  outbox_.flush();
  const auto rows = sink_.exchanges();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].request + "/" + rows[0].reply, "one/first");
  EXPECT_EQ(rows[1].request + "/" + rows[1].reply, "two/second");
  EXPECT_EQ(rows[2].request + "/" + rows[2].reply, "three/third");
  EXPECT_LT(rows[0].row.id, rows[1].row.id);
}

TEST_F(SessionTapeTest, ChunkTimesCountFromTheExchangesBegin) {
  tape_.begin(1, Side::Client, 1);
  tape_.head(1, Side::Client, "ask");
  tape_.set_time(kStart + std::chrono::milliseconds(5));
  tape_.head(1, Side::Server, "ans");
  tape_.body(1, Side::Server, "wer");
  tape_.end(1, Ending::Complete, "");
  outbox_.flush();
  const std::vector<Chunk> chunks = read_chunks(sink_.exchanges()[0].chunks);
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0], (Chunk{Side::Client, 3, Duration{0}}));
  EXPECT_EQ(chunks[1], (Chunk{Side::Server, 6, Duration{5000}}));
  EXPECT_EQ(sink_.exchanges()[0].row.duration, Duration{5000});
}

TEST(SessionTapeDropping, AFullSinkIsCountedAndNothingIsHalfKept) {
  MemorySink sink;
  RowOutbox outbox(sink, true);
  SessionTape tape(outbox, 1, "raw", nullptr);
  tape.begin(1, Side::Client, 1);
  tape.body(1, Side::Client, "kept");
  outbox.flush();
  sink.is_full = true;
  tape.body(1, Side::Server, "lost");
  tape.end(1, Ending::Complete, "");
  tape.begin(2, Side::Client, 1);
  tape.body(2, Side::Client, "never");
  tape.end(2, Ending::Complete, "");
  outbox.flush();
  const auto rows = sink.exchanges();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].request, "kept");
  EXPECT_FALSE(rows[0].note.empty());
  EXPECT_EQ(tape.dropped_bytes(), 9u);
  EXPECT_EQ(outbox.bytes_dropped, 9u);
  EXPECT_EQ(outbox.exchanges_dropped, 1u) << "only the second has no row";
}

TEST(SessionTapeDropping, BytesThatWaitToBeRedactedAreCountedToo) {
  MemorySink sink;
  RowOutbox outbox(sink, true);
  ForwardRule rule;
  rule.protocol = "raw";
  rule.redact.patterns = {"s3cr3t"};
  const auto redaction = RuleRedaction::make(rule, *find_protocol("raw"), "a key of a test");
  ASSERT_TRUE(redaction && *redaction);
  SessionTape tape(outbox, 1, "raw", &**redaction);
  tape.begin(1, Side::Client, 1);
  tape.body(1, Side::Client, "asked");
  tape.message_end(1, Side::Client);
  tape.body(1, Side::Server, "half an ans");
  sink.is_full = true;
  outbox.flush();
  tape.body(1, Side::Server, "wer");
  tape.end(1, Ending::Complete, "");
  outbox.flush();
  EXPECT_TRUE(sink.exchanges().empty());
  EXPECT_EQ(outbox.bytes_dropped, 5u + 11u + 3u);
  EXPECT_EQ(outbox.exchanges_dropped, 1u);
}

TEST(SessionTapeStalling, AFullSinkAsksPeersToWaitUnlessItIsBroken) {
  MemorySink sink;
  const RowOutbox outbox(sink, false);
  EXPECT_FALSE(outbox.must_stall());
  sink.is_full = true;
  EXPECT_TRUE(outbox.must_stall());
  EXPECT_FALSE(outbox.must_drop());
  sink.is_broken = true;
  EXPECT_FALSE(outbox.must_stall()) << "forwarding goes on when the store is gone";
  EXPECT_TRUE(outbox.must_drop());
}

}  // namespace
}  // namespace understudy
