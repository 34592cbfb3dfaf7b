// The one writer of a store: one thread, one connection, one transaction per beat.
//
//   workers ──submit(batch)──▶ queue (bounded in bytes) ──▶ writer thread ──▶ BEGIN … COMMIT
//
// Nobody is woken per message: workers hand over a batch per beat of theirs, and the writer
// sleeps until one is there. The functions of RecordingSink are safe from any thread; the others
// belong to the owner, who calls finish() when nobody submits any more.
#pragma once

#include "protocols/core/error.h"
#include "store/batch_queue.h"
#include "store/file_identity.h"
#include "store/recorder_lock.h"
#include "store/recording_row.h"
#include "store/recording_sink.h"
#include "store/row_writer.h"
#include "store/sqlite.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace understudy {

struct WriterOptions {
  /// What may wait in the queue. At 100 MB/s of traffic this is an eighth of a second of a slow
  /// disk; more of it would not stay under 64 MiB of memory with a thousand clients that do not
  /// read.
  std::size_t queue_limit_bytes = std::size_t{12} * 1024 * 1024;
  /// Least time between two transactions. With two of the workers' beats of 30 ms, `kill -9` costs
  /// under 100 ms.
  std::chrono::milliseconds beat{20};
  /// Called once, on the writer's thread or in finish(), when the store breaks; the error names the
  /// file and says what to do. Recording is over then, forwarding need not be.
  std::function<void(const Error&)> on_error;
  /// Pages that the file may have, 0 = no limit. For tests of a full disk.
  std::int64_t max_pages = 0;
};

/// What became of a recording.
struct WriterSummary {
  std::string name;  ///< of the recording
  std::int64_t sessions = 0, exchanges = 0;
  std::uint64_t bytes = 0;  ///< of requests and replies
  /// Not stored: the store broke, or the recorder gave it up (add_dropped). Rows are exchanges and
  /// pieces of longer ones.
  std::uint64_t lost_exchanges = 0, lost_rows = 0, lost_bytes = 0;
};

class RecordingWriter final : public RecordingSink {
 public:
  /// Opens or makes the store at `path`, begins a recording in it and starts the writer's thread.
  /// Errors: Store (foreign, newer, damaged or unwritable file; another recorder: its pid), Config
  /// (a recording of this name is there). A file that is refused is left as it was.
  [[nodiscard]] static Result<std::unique_ptr<RecordingWriter>> open(const std::string& path,
                                                                     const RecordingStart& start,
                                                                     WriterOptions options = {});
  /// As finish(), its result dropped.
  ~RecordingWriter() override;
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  std::unique_ptr<Batch> new_batch() override;
  Bytes large_buffer() override;
  void submit(std::unique_ptr<Batch> batch) override;
  /// True from the bound on until half of it is written.
  [[nodiscard]] bool full() const noexcept override;
  [[nodiscard]] bool broken() const noexcept override;
  std::int64_t next_session_id() noexcept override;
  std::int64_t next_exchange_id() noexcept override;

  /// `room` is called on the writer's thread each time full() turns false. Set it before the first
  /// submit(); it must not block and must not destroy the writer.
  void on_room(std::function<void()> room) { room_ = std::move(room); }

  /// Key of the stand-ins for redacted secrets: 32 random bytes, the same for the life of a store.
  [[nodiscard]] const Bytes& redaction_key() const { return redaction_key_; }
  /// Name of the recording, as it stands in the store.
  [[nodiscard]] const std::string& name() const { return begun_.name; }

  /// Why the store broke; null until broken(). Any thread, while the writer lives.
  [[nodiscard]] const Error* why_broken() const noexcept { return broken() ? &*problem_ : nullptr; }
  /// Exchanges and bytes that the recorder did not submit (Overload::Drop, or a broken store): the
  /// recording's row counts them as lost. Call it once, before finish().
  void add_dropped(std::uint64_t exchanges, std::uint64_t bytes);
  /// Writes what is queued, completes the recording's row and brings everything into the one file.
  /// Later calls return the same. Errors: Store, where the store broke earlier (as on_error was
  /// told) or breaks now; what was committed before is in the file (or in it and its log, and the
  /// error says so).
  [[nodiscard]] Result<WriterSummary> finish();
  /// What was written and lost; after finish().
  [[nodiscard]] WriterSummary summary() const;

 private:
  RecordingWriter(RecorderLock lock, Database database, WriterOptions options);
  Result<void> begin(const RecordingStart& start);
  void write_queue();
  Result<void> write(const BatchQueue::Batches& batches);
  Result<void> check_place() const;
  void break_down(Error error, const BatchQueue::Batches& unwritten);
  void count_lost(const Batch& batch);
  void let_go();
  Result<void> complete();
  Result<void> complete_at_the_end();

  // Constant after open().
  const WriterOptions options_;
  RecordingBegun begun_;
  Bytes redaction_key_;
  std::function<void()> room_;

  BatchQueue queue_;
  std::atomic<bool> broken_{false};
  std::atomic<std::int64_t> next_session_{1}, next_exchange_{1};
  std::atomic<std::uint64_t> lost_exchanges_{0}, lost_rows_{0}, lost_bytes_{0};

  // The writer thread's until finish() has joined it.
  std::optional<RecorderLock> lock_;  ///< outlives the connection
  std::optional<Database> database_;
  std::optional<RowWriter> rows_;
  /// The write-ahead log that is written to, and its index.
  struct BesideStore {
    std::string path;
    std::optional<FileIdentity> file;
  };
  std::array<BesideStore, 2> beside_;
  RowCounts committed_;
  Timestamp ended_at_{};
  std::optional<Error> problem_;  ///< not changed once broken_ is set
  std::thread thread_;
};

}  // namespace understudy
