#include "store_fixture.h"

namespace understudy {
namespace {

class ReaderTest : public StoreTest {
 protected:
  /// An exchange of 3 + 10 × 1000 bytes of reply, in a row and ten segments, left open.
  std::int64_t record_long_reply() {
    auto writer = open_writer("long");
    auto batch = writer->new_batch();
    const auto session = add_session(*writer, *batch);
    ExchangeRow& row = add_exchange(*writer, *batch, session, "req", "abc");
    row.open = true;
    const std::int64_t id = row.id;
    for (std::uint64_t i = 0; i < 10; ++i) {
      SegmentRow segment;
      segment.exchange = id;
      segment.from = Side::Server;
      segment.offset = 3 + i * 1000;
      segment.bytes = batch->add(Bytes(1000, static_cast<char>('0' + i)));
      Bytes chunks;
      append_chunk(chunks, Side::Server, 1000, Duration(100'000 * static_cast<int>(i + 1)));
      segment.chunks = batch->add(chunks);
      batch->segments.push_back(segment);
    }
    SegmentRow more_request;
    more_request.exchange = id;
    more_request.offset = 3;
    more_request.bytes = batch->add("uest");
    Bytes chunks;
    append_chunk(chunks, Side::Client, 4, Duration(150'000));
    more_request.chunks = batch->add(chunks);
    batch->segments.push_back(more_request);
    writer->submit(std::move(batch));
    EXPECT_TRUE(writer->finish());
    return id;
  }
};

TEST_F(ReaderTest, GivesBackRecordingsRulesAndSessions) {
  record(2, "one");
  auto reader = open_reader();
  const auto recording = reader->recording("");
  ASSERT_TRUE(recording);
  EXPECT_EQ(recording->name, "one");
  EXPECT_EQ(recording->command, "pytest -q");
  EXPECT_EQ(recording->sessions, 1);
  EXPECT_GT(recording->ended_at, recording->started_at);
  ASSERT_EQ(recording->rules.size(), 1U);
  const ForwardRule& rule = recording->rules[0].rule;
  EXPECT_EQ(rule.name, "shop");
  EXPECT_EQ(rule.listen, (Endpoint{"localhost", 8080}));
  EXPECT_EQ(rule.redact, http_rule().redact);
  const auto sessions = reader->sessions(recording->id);
  ASSERT_TRUE(sessions);
  ASSERT_EQ(sessions->size(), 1U);
  EXPECT_EQ((*sessions)[0].number, 1);
  EXPECT_EQ((*sessions)[0].rule, recording->rules[0].id);
  EXPECT_EQ((*sessions)[0].opened_at, kNoon);
}

TEST_F(ReaderTest, NamesWhatThereIsWhenAskedForWhatIsNot) {
  record(1, "one");
  record(1, "two");
  const auto missing = open_reader()->recording("three");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().source, ErrorSource::Config);
  EXPECT_NE(missing.error().what.find("one, two"), std::string::npos);
  EXPECT_FALSE(open_reader()->exchange(77, 10));
}

TEST_F(ReaderTest, AssemblesASpilledExchangeUpToTheLimit) {
  const std::int64_t id = record_long_reply();
  auto reader = open_reader();
  auto one = reader->exchange(id, SIZE_MAX);
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->open);
  EXPECT_EQ(one->request, "request");
  EXPECT_EQ(one->request_size, 7U);
  EXPECT_EQ(one->reply.size(), 10'003U);
  EXPECT_EQ(one->reply_size, 10'003U);
  ASSERT_EQ(one->chunks.size(), 13U);
  EXPECT_EQ(one->chunks[3].from, Side::Client) << "chunks stand in order of time";
  EXPECT_EQ(one->chunks[3].after, Duration(150'000));

  one = reader->exchange(id, 1500);
  EXPECT_EQ(one->reply.size(), 1500U);
  EXPECT_EQ(one->reply_size, 10'003U);
  one = reader->exchange(id, 0);
  EXPECT_TRUE(one->reply.empty());
  EXPECT_EQ(one->reply_size, 10'003U);
}

TEST_F(ReaderTest, ReadsAnyRange) {
  const std::int64_t id = record_long_reply();
  auto reader = open_reader();
  const Bytes whole = reader->exchange(id, SIZE_MAX)->reply;
  for (const auto& [offset, size] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 2},
                                                        {0, 3},
                                                        {2, 2},
                                                        {3, 1000},
                                                        {1002, 2},
                                                        {500, 5000},
                                                        {10'000, 99},
                                                        {10'003, 5},
                                                        {0, SIZE_MAX},
                                                        {99'999, SIZE_MAX}}) {
    const auto part = reader->read(id, Side::Server, offset, size);
    ASSERT_TRUE(part);
    EXPECT_EQ(*part, offset < whole.size() ? whole.substr(offset, size) : "") << offset;
  }
  EXPECT_EQ(*reader->read(id, Side::Client, 1, 4), "eque");
  EXPECT_EQ(*reader->read(999, Side::Client, 0, 4), "");
}

TEST_F(ReaderTest, LinesShowTheSizesOfOpenExchanges) {
  record_long_reply();
  auto reader = open_reader();
  int lines = 0;
  ASSERT_TRUE(reader->each_line(1, [&](const ExchangeLine& line) {
    ++lines;
    EXPECT_TRUE(line.open);
    EXPECT_EQ(line.reply_size, 10'003U);
    EXPECT_EQ(line.request_size, 7U);
    EXPECT_EQ(line.rule, "shop");
    return true;
  }));
  EXPECT_EQ(lines, 1);
}

TEST_F(ReaderTest, StopsWhenTheCallerHasEnough) {
  record(10);
  auto reader = open_reader();
  int seen = 0;
  ASSERT_TRUE(reader->each_exchange(1, 10, [&](RecordedExchange&& one) {
    EXPECT_EQ(one.number, seen + 1);
    EXPECT_EQ(one.request.size(), 10U);
    return ++seen < 4;
  }));
  EXPECT_EQ(seen, 4);
}

TEST_F(ReaderTest, ReadsBesideARecorder) {
  auto writer = open_writer("live");
  auto reader = open_reader();
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  add_exchange(*writer, *batch, session);
  writer->submit(std::move(batch));
  std::int64_t seen = 0;
  while (seen == 0) {  // until the beat has passed
    const auto recording = reader->recording("live");
    ASSERT_TRUE(recording);
    seen = recording->exchanges;
  }
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(open_reader()->recording("")->ended_at, Timestamp{});
}

TEST_F(ReaderTest, SearchesHeadsFactsAndNotesButNoBodies) {
  auto writer = open_writer("one");
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  add_exchange(*writer, *batch, session);
  add_exchange(*writer, *batch, session, "GET / HTTP/1.1\r\nX-Trace: AbC\r\n\r\nin the body");
  ExchangeRow& raw = add_exchange(*writer, *batch, session, "LOGIN in the body", "");
  raw.protocol = "raw";
  raw.note = batch->add("Cut short");
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());
  record(1, "two");

  auto reader = open_reader();
  const auto ids = [&](std::string_view text, std::optional<std::int64_t> recording) {
    std::vector<std::int64_t> found;
    EXPECT_TRUE(reader->search(text, recording, [&](const ExchangeLine& line) {
      found.push_back(line.id);
      return true;
    }));
    return found;
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(ids("x-trace: abc", std::nullopt), (Ids{2}));
  EXPECT_EQ(ids("IN THE BODY", std::nullopt), (Ids{3}));
  EXPECT_EQ(ids("cut SHORT", std::nullopt), (Ids{3}));
  EXPECT_EQ(ids("page=7", std::nullopt), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(ids("page=7", 2), (Ids{4}));
  EXPECT_EQ(ids("nowhere", std::nullopt), Ids{});
}

}  // namespace
}  // namespace understudy
