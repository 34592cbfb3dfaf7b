// What happens when the store breaks while it is recorded into.
#include "store_fixture.h"

#include <atomic>
#include <future>

namespace understudy {
namespace {

class WriterFailureTest : public StoreTest {
 protected:
  WriterOptions watched() {
    WriterOptions options;
    options.beat = std::chrono::milliseconds(0);
    options.on_error = [this](const Error& error) {
      ++errors_;
      broke_.set_value(describe(error));
    };
    return options;
  }

  std::promise<std::string> broke_;
  std::atomic<int> errors_{0};
};

TEST_F(WriterFailureTest, AFullDiskStopsRecordingAndLosesNothingSilently) {
  WriterOptions options = watched();
  options.max_pages = 40;  // 640 KiB
  auto writer = open_writer("full", options);
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  add_exchange(*writer, *batch, session);
  writer->submit(std::move(batch));
  while (query("SELECT count(*) FROM exchange") != "1\n") {
  }
  constexpr int kBatches = 100;
  for (int i = 0; i < kBatches; ++i) {
    batch = writer->new_batch();
    add_exchange(*writer, *batch, session, kRequest, Bytes(20'000, 'x'));
    writer->submit(std::move(batch));
  }
  const std::string message = broke_.get_future().get();
  EXPECT_NE(message.find(path_), std::string::npos) << message;
  EXPECT_NE(message.find("free some space"), std::string::npos) << message;
  EXPECT_TRUE(writer->broken());
  EXPECT_FALSE(writer->finish());
  const auto summary = writer->summary();
  EXPECT_EQ(errors_, 1);
  EXPECT_GE(summary.exchanges, 1);
  EXPECT_EQ(static_cast<std::uint64_t>(summary.exchanges) + summary.lost_rows, kBatches + 1U);
  EXPECT_EQ(summary.lost_bytes, summary.lost_rows * (kRequest.size() + 20'000));
  writer.reset();
  EXPECT_EQ(query("PRAGMA integrity_check"), "ok\n");
  EXPECT_EQ(query("SELECT count(*) FROM exchange"), std::to_string(summary.exchanges) + "\n");
  EXPECT_EQ(query("SELECT lost_rows FROM recordings"), std::to_string(summary.lost_rows) + "\n");
}

TEST_F(WriterFailureTest, ABrokenStoreNeverLooksFull) {
  WriterOptions options = watched();
  options.max_pages = 20;
  options.queue_limit_bytes = 50'000;
  auto writer = open_writer("", options);
  auto batch = writer->new_batch();
  add_exchange(*writer, *batch, 1, kRequest, Bytes(2'000'000, 'x'));
  writer->submit(std::move(batch));
  EXPECT_FALSE(broke_.get_future().get().empty());
  batch = writer->new_batch();
  add_exchange(*writer, *batch, 1, kRequest, Bytes(2'000'000, 'x'));
  writer->submit(std::move(batch));
  EXPECT_FALSE(writer->finish());
  EXPECT_FALSE(writer->full());
  EXPECT_EQ(writer->summary().lost_rows, 2U);
}

TEST_F(WriterFailureTest, ADeletedFileIsNoticed) {
  auto writer = open_writer("", watched());
  ASSERT_TRUE(std::filesystem::remove(path_));
  auto batch = writer->new_batch();
  add_session(*writer, *batch);
  writer->submit(std::move(batch));
  EXPECT_NE(broke_.get_future().get().find("deleted"), std::string::npos);
  const auto finished = writer->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().source, ErrorSource::Store);
}

}  // namespace
}  // namespace understudy
