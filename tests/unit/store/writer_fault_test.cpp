// Every failure at every step: the disk fails at the first call that SQLite makes, at the second,
// and so on to the end of a short recording. Whatever happens, nothing crashes or hangs, what is
// reported as written is in the file, and the rest is counted.
#include "faulty_vfs.h"
#include "store_fixture.h"

#include <atomic>
#include <cstdlib>

namespace understudy {
namespace {

struct Disk {
  const char* name;
  FaultyVfs::Kind kind;
  bool for_ever;
};

void PrintTo(const Disk& disk, std::ostream* out) {
  *out << disk.name;
}

constexpr std::uint64_t kBatches = 4, kExchangesPerBatch = 3;
constexpr std::uint64_t kAll = kBatches * kExchangesPerBatch;
/// More calls than a recording makes.
constexpr int kMaxCalls = 20'000;

/// tests/run.sh --all: also a recording that is long enough for checkpoints in its middle.
bool thorough() {
  const char* word = std::getenv("UNDERSTUDY_THOROUGH");
  return word != nullptr && std::string_view(word) == "1";
}

class WriterFaultTest : public StoreTest, public ::testing::WithParamInterface<Disk> {
 protected:
  std::uint64_t bytes_of(std::uint64_t exchanges) const {
    return exchanges * (kRequest.size() + reply_size_);
  }

  /// A whole recording. False: it could not even begin.
  bool record_all() {
    std::atomic<int> told{0};
    WriterOptions options;
    options.beat = std::chrono::milliseconds(0);
    options.on_error = [&told](const Error&) { ++told; };
    auto writer = RecordingWriter::open(path_, start(), options);
    if (!writer) {
      EXPECT_EQ(writer.error().source, ErrorSource::Store);
      EXPECT_EQ(writer.error().where, path_);
      return false;
    }
    auto batch = (*writer)->new_batch();
    const std::int64_t session = add_session(**writer, *batch);
    TlsAgreed handshake;
    handshake.session = session;
    handshake.own_chain = Bytes(4000, 'x');
    batch->tls.push_back(handshake);
    for (std::uint64_t i = 0; i < kBatches; ++i) {
      for (std::uint64_t j = 0; j < kExchangesPerBatch; ++j) {
        add_exchange(**writer, *batch, session, kRequest, Bytes(reply_size_, 'x'));
      }
      (*writer)->submit(std::move(batch));
      batch = (*writer)->new_batch();
    }
    const auto finished = (*writer)->finish();
    summary_ = (*writer)->summary();
    EXPECT_LE(told, 1);
    EXPECT_EQ(finished.has_value() || !vfs_.has_failed(), finished.has_value());
    if (finished) {
      EXPECT_EQ(summary_.lost_rows, 0U);
    } else {
      EXPECT_EQ(finished.error().source, ErrorSource::Store);
      EXPECT_EQ(finished.error().where, path_);
    }
    return true;
  }

  /// The file, after the disk works again.
  void expect_whole(bool began) {
    if (began) {
      const auto stored = static_cast<std::uint64_t>(summary_.exchanges);
      EXPECT_EQ(stored + summary_.lost_exchanges, kAll);
      EXPECT_EQ(summary_.bytes, bytes_of(stored));
      EXPECT_EQ(summary_.lost_bytes, bytes_of(kAll - stored));
      const std::string count = query("SELECT count(*) FROM exchange");
      // A transaction whose last step failed may be in the log for all that.
      EXPECT_GE(std::strtoull(count.c_str(), nullptr, 10), stored) << count;
      EXPECT_EQ(query("SELECT count(*) FROM exchange WHERE length(reply) <> reply_size"), "0\n");
      EXPECT_EQ(query("SELECT count(*) FROM tls_handshake WHERE own_chain NOT IN"
                      " (SELECT id FROM certificate_chain)"),
                "0\n");
    }
    record(2, "after");
    EXPECT_EQ(query("PRAGMA integrity_check"), "ok\n");
    EXPECT_EQ(query("SELECT exchanges FROM recordings WHERE name = 'after'"), "2\n");
  }

  /// Fails after 0 calls, after 1 …, the strides growing by a part of what is done, until a
  /// recording makes fewer calls than that.
  void try_steps(std::size_t reply_size, int part);

  FaultyVfs vfs_;
  WriterSummary summary_;
  std::size_t reply_size_ = 0;
};

void WriterFaultTest::try_steps(std::size_t reply_size, int part) {
  reply_size_ = reply_size;
  int begun = 0, broken = 0;
  for (int calls = 0; calls < kMaxCalls; calls += 1 + calls / part) {
    SCOPED_TRACE("the disk fails after " + std::to_string(calls) + " calls");
    for (const char* end : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(path_ + end);
    vfs_.fail_after(calls, GetParam().kind, GetParam().for_ever);
    const bool began = record_all();
    const bool failed = vfs_.has_failed();
    vfs_.heal();
    expect_whole(began);
    if (HasFailure()) return;
    begun += began ? 1 : 0;
    broken += began && failed ? 1 : 0;
    if (!failed) break;  // past the last step
  }
  EXPECT_GT(begun, 1);
  EXPECT_GT(broken, 20) << "hardly any step of the recording itself was tried";
}

TEST_P(WriterFaultTest, AtEveryStep) {
  try_steps(20'000, kMaxCalls);
  if (thorough() && !HasFailure()) try_steps(1'600'000, 30);
}

INSTANTIATE_TEST_SUITE_P(Disks, WriterFaultTest,
                         ::testing::Values(Disk{"IoOnce", FaultyVfs::Kind::Io, false},
                                           Disk{"IoForEver", FaultyVfs::Kind::Io, true},
                                           Disk{"FullOnce", FaultyVfs::Kind::Full, false},
                                           Disk{"FullForEver", FaultyVfs::Kind::Full, true},
                                           Disk{"NoMemoryOnce", FaultyVfs::Kind::NoMemory, false},
                                           Disk{"NoMemoryForEver", FaultyVfs::Kind::NoMemory,
                                                true}),
                         [](const auto& disk) { return std::string(disk.param.name); });

using WriterStallTest = StoreTest;

TEST_F(WriterStallTest, AStalledDiskFillsTheQueueAndLosesNothing) {
  FaultyVfs vfs;
  WriterOptions options;
  options.queue_limit_bytes = 100'000;
  options.beat = std::chrono::milliseconds(0);
  auto writer = open_writer("", options);
  ASSERT_NE(writer, nullptr);
  std::atomic<int> rooms{0};
  writer->on_room([&rooms] { ++rooms; });
  vfs.hold_writes();
  auto batch = writer->new_batch();
  const std::int64_t session = add_session(*writer, *batch);
  writer->submit(std::move(batch));
  vfs.wait_until_held();
  int exchanges = 0;
  for (; !writer->full(); ++exchanges) {
    ASSERT_LT(exchanges, 100);
    batch = writer->new_batch();
    add_exchange(*writer, *batch, session, kRequest, Bytes(10'000, 'x'));
    writer->submit(std::move(batch));
  }
  EXPECT_FALSE(writer->broken());
  EXPECT_EQ(rooms, 0);
  vfs.release();
  const auto summary = writer->finish();
  ASSERT_TRUE(summary) << describe(summary.error());
  EXPECT_EQ(summary->exchanges, exchanges);
  EXPECT_EQ(summary->lost_rows, 0U);
  EXPECT_EQ(rooms, 1);
  writer.reset();
  EXPECT_EQ(query("SELECT count(*) FROM exchange"), std::to_string(exchanges) + "\n");
}

}  // namespace
}  // namespace understudy
