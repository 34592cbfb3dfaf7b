// The cases that the tape and the store were designed on, from tape to file and back: messages that
// no wire bytes stand for, exchanges that no request opens or no reply ends, streams that
// interleave, bodies that fit no buffer.
#include "protocols/core/edit_list.h"
#include "recorder/session_tape.h"
#include "tests/unit/store/store_fixture.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using std::chrono::milliseconds;

class HardCasesTest : public StoreTest {
 protected:
  HardCasesTest() : writer_(open_writer()) {
    outbox_.emplace(*writer_, false);
    session_ = writer_->next_session_id();
    outbox_->batch().sessions_opened.push_back({session_, 0, kNoon, "127.0.0.1:5", "127.0.0.1:6"});
    tape_.emplace(*outbox_, session_, "http", nullptr);
    tape_->set_time(kNoon);
  }

  /// Ends the recording and reads it back.
  std::vector<RecordedExchange> read_back() {
    tape_.reset();
    outbox_->flush();
    outbox_.reset();
    EXPECT_TRUE(writer_->finish());
    auto reader = RecordingReader::open(path_);
    EXPECT_TRUE(reader);
    const auto recording = (*reader)->recording("");
    EXPECT_TRUE(recording);
    std::vector<RecordedExchange> all;
    EXPECT_TRUE((*reader)->each_exchange(recording->id, std::size_t{1} << 30,
                                         [&all](RecordedExchange&& one) {
                                           all.push_back(std::move(one));
                                           return true;
                                         }));
    return all;
  }

  std::unique_ptr<RecordingWriter> writer_;
  std::optional<RowOutbox> outbox_;
  std::int64_t session_ = 0;
  std::optional<SessionTape> tape_;
};

TEST_F(HardCasesTest, PipelinedRequestsWithARewrittenHost) {
  const Bytes first = "GET /1 HTTP/1.1\r\nHost: me\r\n\r\n";
  const Bytes second = "GET /2 HTTP/1.1\r\nHost: me\r\n\r\n";
  for (const ExchangeNo no : {1u, 2u}) {
    tape_->begin(no, Side::Client, 1);
    tape_->head(no, Side::Client, no == 1 ? first : second);
    tape_->edit(no, Side::Client, {23, 2, "upstream:81"});
  }
  for (const ExchangeNo no : {1u, 2u}) {
    tape_->head(no, Side::Server, no == 1 ? "one" : "two");
    tape_->end(no, Ending::Complete, {});
  }
  const auto all = read_back();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].request + all[1].request, first + second) << "as received, in order";
  EXPECT_EQ(apply_edits(all[1].request, all[1].request_edits),
            "GET /2 HTTP/1.1\r\nHost: upstream:81\r\n\r\n");
  EXPECT_EQ(all[1].reply, "two");
}

TEST_F(HardCasesTest, StreamsInterleaveAndTheirHeadsAreNotWireBytes) {
  tape_->speaks("http2");
  tape_->begin(1, Side::Client, 1);
  tape_->head(1, Side::Client, ":method: GET\n:path: /a\n");
  tape_->begin(2, Side::Client, 2);
  tape_->head(2, Side::Client, ":method: POST\n:path: /b\n");
  tape_->body(2, Side::Client, "half ");
  tape_->head(1, Side::Server, ":status: 200\n");
  tape_->body(2, Side::Client, "and half");
  tape_->body(1, Side::Server, "A");
  tape_->end(1, Ending::Complete, {});
  tape_->end(2, Ending::CutByUpstream, "RST_STREAM");
  const auto all = read_back();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].protocol, "http2");
  EXPECT_EQ(all[0].reply, ":status: 200\nA");
  EXPECT_EQ(all[1].request, ":method: POST\n:path: /b\nhalf and half");
  EXPECT_EQ(all[1].ending, Ending::CutByUpstream);
}

TEST_F(HardCasesTest, APushHasNoRequestAndItsTimeTellsTheCause) {
  SessionTape publisher(*outbox_, session_, "mqtt", nullptr);
  publisher.set_time(kNoon + milliseconds(5));
  publisher.begin(1, Side::Client, 1);
  publisher.head(1, Side::Client, "PUBLISH");
  publisher.end(1, Ending::Complete, {});
  tape_->set_time(kNoon + milliseconds(6));
  tape_->begin(1, Side::Server, 1);
  tape_->head(1, Side::Server, "PUSHED");
  tape_->end(1, Ending::Complete, {});
  const auto all = read_back();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].opener, Side::Server);
  EXPECT_TRUE(all[1].request.empty());
  EXPECT_EQ(all[1].started_at - all[0].started_at, milliseconds(1)) << "one clock for all sessions";
}

TEST_F(HardCasesTest, ASendOnlyRequestIsWholeWithoutAReply) {
  tape_->begin(1, Side::Client, 1);
  tape_->head(1, Side::Client, "send-only");
  tape_->message_end(1, Side::Client);
  tape_->end(1, Ending::Complete, {});
  const auto all = read_back();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_FALSE(all[0].open);
  EXPECT_EQ(all[0].ending, Ending::Complete);
  EXPECT_EQ(all[0].reply_size, 0u);
}

TEST_F(HardCasesTest, ABodyLargerThanAnyBufferComesBackWhole) {
  constexpr std::size_t kPieces = 300;  // some 19 MiB: far beyond what a session may hold
  tape_->begin(1, Side::Client, 1);
  tape_->head(1, Side::Client, "GET /huge");
  Bytes expected;
  for (std::size_t i = 0; i < kPieces; ++i) {
    const Bytes piece(65'000 + i, static_cast<char>('a' + i % 26));
    tape_->body(1, Side::Server, piece);
    expected += piece;
    EXPECT_LE(outbox_->batch().bytes.size(), kMaxBatchBytes + kSpillBytes * 2);
  }
  tape_->end(1, Ending::Complete, {});
  const auto all = read_back();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].reply_size, expected.size());
  EXPECT_TRUE(all[0].reply == expected);
}

}  // namespace
}  // namespace understudy
