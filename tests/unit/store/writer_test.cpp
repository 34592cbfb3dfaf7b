#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace understudy {
namespace {

using WriterTest = StoreTest;

TEST_F(WriterTest, WritesAllKindsOfRows) {
  auto writer = open_writer("all");
  ASSERT_NE(writer, nullptr);
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  UpstreamOpened upstream;
  upstream.session = session;
  upstream.number = 1;
  upstream.at = kNoon;
  upstream.destination = "api.example.com:80";
  upstream.address = "192.0.2.7:80";
  upstream.connect = Duration(870);
  batch->upstreams.push_back(upstream);
  add_exchange(*writer, *batch, session);
  SessionClosed closed;
  closed.id = session;
  closed.at = kNoon + Duration(9000);
  closed.reason = "client closed";
  closed.client_bytes = kRequest.size();
  closed.server_bytes = kReply.size();
  batch->sessions_closed.push_back(closed);
  writer->submit(std::move(batch));
  const auto summary = writer->finish();
  ASSERT_TRUE(summary) << describe(summary.error());
  EXPECT_EQ(summary->name, "all");
  EXPECT_EQ(summary->sessions, 1);
  EXPECT_EQ(summary->exchanges, 1);
  EXPECT_EQ(summary->bytes, kRequest.size() + kReply.size());
  EXPECT_EQ(summary->lost_rows, 0U);
  EXPECT_EQ(query("SELECT destination, address, resolve, connect FROM upstream_connection"),
            "api.example.com:80|192.0.2.7:80|0|870\n");
  EXPECT_EQ(query("SELECT end_reason, closed_at - opened_at FROM session"), "client closed|9000\n");
  EXPECT_EQ(query("SELECT count(*) FROM meta WHERE key = 'recorder_pid'"), "0\n");
}

TEST_F(WriterTest, SpillsGrowAndUpdatesEnd) {
  auto writer = open_writer();
  ASSERT_NE(writer, nullptr);
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  ExchangeRow& row = add_exchange(*writer, *batch, session, "GET", "HTTP/1.1 200 OK\r\n\r\nab");
  row.open = true;
  Bytes edits;
  append_edit(edits, Side::Client, {0, 1, "P"});
  row.edits = batch->add(edits);
  const std::int64_t id = row.id;
  writer->submit(std::move(batch));

  batch = writer->new_batch();
  SegmentRow segment;
  segment.exchange = id;
  segment.from = Side::Server;
  segment.offset = 21;
  segment.bytes = batch->add("cd");
  batch->segments.push_back(segment);
  ExchangeUpdate update;
  update.id = id;
  update.ending = Ending::CutByUpstream;
  update.status = 206;
  update.duration = Duration(5'000'000);
  update.request_size = 3;
  update.reply_size = 23;
  update.note = batch->add("the upstream broke off");
  edits.clear();
  append_edit(edits, Side::Server, {2, 0, "x"});
  update.edits = batch->add(edits);
  batch->updates.push_back(update);
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());

  const auto one = open_reader()->exchange(id, SIZE_MAX);
  ASSERT_TRUE(one);
  EXPECT_FALSE(one->open);
  EXPECT_EQ(one->ending, Ending::CutByUpstream);
  EXPECT_EQ(one->status, 206);
  EXPECT_EQ(one->method, "GET") << "an empty field of an update keeps what was written";
  EXPECT_EQ(one->reply, "HTTP/1.1 200 OK\r\n\r\nabcd");
  EXPECT_EQ(one->reply_size, 23U);
  EXPECT_EQ(one->note, "the upstream broke off");
  EXPECT_EQ(one->request_edits, (std::vector<Edit>{{0, 1, "P"}}));
  EXPECT_EQ(one->reply_edits, (std::vector<Edit>{{2, 0, "x"}}));
}

TEST_F(WriterTest, RecordingsFollowOneAnotherWithIdsOfTheirOwn) {
  record(3, "first");
  record(0, "empty");
  record(2, "second");
  auto reader = open_reader();
  const auto all = reader->recordings();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].exchanges, 3);
  EXPECT_EQ((*all)[1].exchanges, 0);
  EXPECT_EQ((*all)[2].exchanges, 2);
  std::vector<std::int64_t> numbers;
  ASSERT_TRUE(reader->each_line((*all)[2].id, [&](const ExchangeLine& line) {
    EXPECT_EQ(line.recording, "second");
    EXPECT_EQ(line.session_number, 1);
    numbers.push_back(line.number);
    return true;
  }));
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2}));
}

TEST_F(WriterTest, NamesAreUniqueAndDefaultToTheTime) {
  record(1, "nightly");
  const auto again = RecordingWriter::open(path_, start("nightly"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().source, ErrorSource::Config);
  record(1);
  record(1);
  EXPECT_EQ(query("SELECT count(*) FROM recordings WHERE name LIKE '20__-__-__T__:__:__Z%'"),
            "2\n");
}

TEST_F(WriterTest, TheRedactionKeyIsTheStoresOwn) {
  auto writer = open_writer();
  const Bytes key = writer->redaction_key();
  EXPECT_EQ(key.size(), 32U);
  ASSERT_TRUE(writer->finish());
  writer.reset();
  writer = open_writer();
  EXPECT_EQ(writer->redaction_key(), key);
}

TEST_F(WriterTest, FullFromTheBoundOnUntilHalfIsWritten) {
  WriterOptions options;
  options.queue_limit_bytes = 100'000;
  options.beat = std::chrono::milliseconds(0);
  auto writer = open_writer("", options);
  std::promise<bool> room;
  writer->on_room([&, told = false]() mutable {
    if (!std::exchange(told, true)) room.set_value(writer->full());
  });
  // Another connection's transaction holds the writer up, so that the queue fills for certain.
  auto other = Database::open(path_, Database::Mode::ReadWrite);
  ASSERT_TRUE(other);
  auto holding = Transaction::begin(*other);
  ASSERT_TRUE(holding);
  EXPECT_FALSE(writer->full());
  for (int i = 0; i < 3; ++i) {
    auto batch = writer->new_batch();
    if (i == 0) add_session(*writer, *batch);
    add_exchange(*writer, *batch, 1, kRequest, Bytes(40'000, 'x'));
    writer->submit(std::move(batch));
  }
  EXPECT_TRUE(writer->full());
  ASSERT_TRUE(holding->commit());
  EXPECT_FALSE(room.get_future().get());
  const auto summary = writer->finish();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->exchanges, 3);
}

TEST_F(WriterTest, KeepsTheOrderOfIdsAcrossWorkers) {
  auto writer = open_writer();
  constexpr int kWorkers = 4, kBatches = 20, kRows = 50;
  {
    auto batch = writer->new_batch();
    add_session(*writer, *batch);
    writer->submit(std::move(batch));
  }
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&] {
      for (int i = 0; i < kBatches; ++i) {
        auto batch = writer->new_batch();
        for (int row = 0; row < kRows; ++row)
          add_exchange(*writer, *batch, 1);
        writer->submit(std::move(batch));
      }
    });
  }
  for (auto& worker : workers)
    worker.join();
  const auto summary = writer->finish();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->exchanges, kWorkers * kBatches * kRows);
  EXPECT_EQ(query("SELECT count(*), min(id), max(id) FROM exchange"), "4000|1|4000\n");
}

TEST_F(WriterTest, AKilledRecorderLeavesWhatItCommitted) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto writer = open_writer("killed");
    auto batch = writer->new_batch();
    const auto session = add_session(*writer, *batch);
    add_exchange(*writer, *batch, session);
    ExchangeRow& open = add_exchange(*writer, *batch, session);
    open.open = true;
    const std::int64_t id = open.id;
    writer->submit(std::move(batch));
    for (int i = 0;; ++i) {
      batch = writer->new_batch();
      SegmentRow segment;
      segment.exchange = id;
      segment.from = Side::Server;
      segment.offset = kReply.size() + static_cast<std::uint64_t>(i) * 1000;
      segment.bytes = batch->add(Bytes(1000, 'x'));
      batch->segments.push_back(segment);
      writer->submit(std::move(batch));
      auto reader = RecordingReader::open(path_);
      const auto seen = (*reader)->exchange(id, 0);
      if (seen && seen->reply_size >= kReply.size() + 3000) break;
    }
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;)
      pause();
  }
  char octet = 0;
  ASSERT_EQ(read(ready[0], &octet, 1), 1);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  close(ready[0]);
  close(ready[1]);

  EXPECT_EQ(query("PRAGMA integrity_check"), "ok\n");
  auto reader = open_reader();
  const auto recording = reader->recording("killed");
  ASSERT_TRUE(recording);
  EXPECT_EQ(recording->exchanges, 2);
  EXPECT_EQ(recording->ended_at, Timestamp{});
  const auto open = reader->exchange(2, SIZE_MAX);
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->open);
  EXPECT_GE(open->reply_size, kReply.size() + 3000);
  EXPECT_EQ(open->reply.size(), open->reply_size);
  EXPECT_TRUE(open->reply.starts_with(kReply));
  reader.reset();
  record(1, "after");  // the lock died with the process
  EXPECT_EQ(query("SELECT recording, number FROM exchanges"), "killed|1\nkilled|2\nafter|1\n");
}

}  // namespace
}  // namespace understudy
