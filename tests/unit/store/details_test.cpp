#include "store_fixture.h"

#include "store/details.h"

namespace understudy {
namespace {

/// A codec for tests: a header line, a blank line, the body.
std::optional<MessageDetail> take_apart(std::string_view protocol, Side, ByteView message) {
  if (protocol != "http") return std::nullopt;
  MessageDetail detail;
  const std::size_t blank = message.find("\r\n\r\n");
  detail.headers = {{"First", std::string(message.substr(0, message.find("\r\n")))}};
  detail.body = message.substr(blank + 4);
  return detail;
}

class DetailsTest : public StoreTest {
 protected:
  std::size_t fill() {
    const auto filled = fill_details(path_, take_apart, std::chrono::milliseconds(0));
    EXPECT_TRUE(filled) << describe(filled.error());
    return filled.value_or(0);
  }
};

TEST_F(DetailsTest, FillsWhatIsMissingAndOnlyThat) {
  record(3, "one");
  EXPECT_EQ(fill(), 3U);
  EXPECT_EQ(fill(), 0U);
  record(2, "two");
  EXPECT_EQ(fill(), 2U);
  EXPECT_EQ(query("SELECT request_headers, response_body, typeof(response_body) FROM http LIMIT 1"),
            R"([["First","GET /items?page=7 HTTP/1.1"]]|hello|text)"
            "\n");
}

TEST_F(DetailsTest, BodiesAreTextOnlyWhereTheyAre) {
  auto writer = open_writer();
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  const std::string_view head = "a\r\n\r\n";
  for (const Bytes& body : {Bytes("caf\xC3\xA9"), Bytes("caf\xE9"), Bytes("a\0b", 3),
                            Bytes("\xED\xA0\x80"), Bytes("\xF0\x9F\x98\x80"), Bytes()}) {
    add_exchange(*writer, *batch, session, Bytes(head) + body, "");
  }
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(fill(), 6U);
  EXPECT_EQ(query("SELECT typeof(request_body) FROM http"), "text\nblob\nblob\nblob\ntext\ntext\n");
  EXPECT_EQ(query("SELECT DISTINCT response_headers IS NULL FROM http"), "1\n");
}

TEST_F(DetailsTest, LongBodiesStayOutWithANote) {
  auto writer = open_writer();
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  ExchangeRow& row = add_exchange(*writer, *batch, session);
  row.open = true;
  const std::int64_t id = row.id;
  const std::size_t parts = 6, part_size = std::size_t{4} * 1024 * 1024 - 1000;
  writer->submit(std::move(batch));
  for (std::size_t i = 0; i < parts; ++i) {
    batch = writer->new_batch();
    SegmentRow segment;
    segment.exchange = id;
    segment.from = Side::Server;
    segment.offset = kReply.size() + i * part_size;
    segment.bytes = batch->add(Bytes(part_size, 'x'));
    batch->segments.push_back(segment);
    writer->submit(std::move(batch));
  }
  batch = writer->new_batch();
  ExchangeUpdate update;
  update.id = id;
  update.request_size = kRequest.size();
  update.reply_size = kReply.size() + parts * part_size;
  batch->updates.push_back(update);
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(fill(), 1U);
  EXPECT_EQ(query("SELECT response_headers IS NULL, response_body IS NULL, note FROM http"),
            "0|1|response body left out: longer than 16 MiB\n");
}

TEST_F(DetailsTest, LooksAtOpenExchangesOfALiveRecordingAgain) {
  auto writer = open_writer();
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  add_exchange(*writer, *batch, session);
  ExchangeRow& open = add_exchange(*writer, *batch, session, kRequest, "");
  open.open = true;
  const std::int64_t id = open.id;
  add_exchange(*writer, *batch, session);
  writer->submit(std::move(batch));
  while (query("SELECT count(*) FROM exchange") != "3\n") {
  }
  EXPECT_EQ(fill(), 3U);
  EXPECT_EQ(query("SELECT response_body FROM http WHERE id = 2"), "\n");
  batch = writer->new_batch();
  SegmentRow segment;
  segment.exchange = id;
  segment.from = Side::Server;
  segment.bytes = batch->add(kReply);
  batch->segments.push_back(segment);
  ExchangeUpdate update;
  update.id = id;
  update.request_size = kRequest.size();
  update.reply_size = kReply.size();
  batch->updates.push_back(update);
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(fill(), 1U);
  EXPECT_EQ(query("SELECT count(*) FROM http WHERE response_body = 'hello'"), "3\n");
  EXPECT_EQ(fill(), 0U);
}

TEST_F(DetailsTest, StopsWhenToldAndGoesOnLater) {
  record(500);
  std::int64_t total = 0;
  const auto filled = fill_details(path_, take_apart, std::chrono::milliseconds(0),
                                   [&](std::int64_t, std::int64_t all) {
                                     total = all;
                                     return false;
                                   });
  ASSERT_TRUE(filled);
  EXPECT_GT(*filled, 0U);
  EXPECT_LT(*filled, 500U);
  EXPECT_EQ(total, 500);
  EXPECT_EQ(*filled + fill(), 500U);
}

TEST_F(DetailsTest, RebuildsFactsAndLeavesTheBytes) {
  record(3);
  fill();
  const std::string bytes = query("SELECT request, reply, chunks FROM exchange");
  const auto changed = rebuild_facts(
      path_, [](std::string_view, ByteView request, ByteView) -> std::optional<OwnedFacts> {
        EXPECT_EQ(request, kRequest);
        return OwnedFacts{"PUT", "/new", 201};
      });
  ASSERT_TRUE(changed) << describe(changed.error());
  EXPECT_EQ(*changed, 3U);
  EXPECT_EQ(query("SELECT DISTINCT method, resource, status FROM exchange"), "PUT|/new|201\n");
  EXPECT_EQ(query("SELECT count(*) FROM http_detail"), "0\n");
  EXPECT_EQ(query("SELECT request, reply, chunks FROM exchange"), bytes);
  EXPECT_EQ(fill(), 3U);
}

TEST_F(DetailsTest, ForeignFilesAreNotTouched) {
  write_file(path_, "no database at all");
  EXPECT_FALSE(fill_details(path_, take_apart, std::chrono::milliseconds(0)));
  EXPECT_EQ(contents(path_), "no database at all");
}

}  // namespace
}  // namespace understudy
