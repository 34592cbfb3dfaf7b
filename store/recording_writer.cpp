#include "store/recording_writer.h"

#include "store/migrations.h"

#include <fmt/format.h>
#include <pthread.h>

#include <utility>

namespace understudy {
namespace {

/// A transaction takes about this much of the queue: room is made in steps, not all at the end.
constexpr std::size_t kTransactionBytes = std::size_t{4} * 1024 * 1024;

/// The first 100 bytes of a SQLite file say whose it is.
constexpr std::size_t kHeaderBytes = 100;

/// What else was tried on rows of 1 KiB (larger caches, other checkpoint intervals, secure_delete,
/// mmap) changed nothing: FORMAT.md. A transaction of 4 MiB fits the cache, and the log is brought
/// into the file when it has 512 pages, 16 MiB.
constexpr const char* kPragmas =
    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 512";

/// What may still be noted in a broken store is not worth a wait of seconds.
constexpr const char* kBrokenPragmas = "PRAGMA busy_timeout = 500";

/// The message for a second recorder, with the pid of the first where it has written it.
Error locked_by_another(const std::string& path) {
  std::string who = "another recorder";
  if (auto database = Database::open(path, Database::Mode::ReadOnly)) {
    const auto pid = database->integer("SELECT value FROM meta WHERE key = 'recorder_pid'");
    if (pid && *pid != 0) who = fmt::format("process {}", *pid);
  }
  return {ErrorSource::Store, path,
          who + " is recording into this store: stop it, or choose another file"};
}

Result<RecorderLock> lock_own_store(const std::string& path) {
  bool taken = false;
  auto lock = RecorderLock::take(path, taken);
  if (!lock) return std::unexpected(taken ? locked_by_another(path) : std::move(lock.error()));
  const auto header = lock->front(kHeaderBytes);
  if (!header) return std::unexpected(header.error());
  if (auto fine = check_header(*header, path); !fine) {
    return std::unexpected(std::move(fine.error()));
  }
  return lock;
}

Result<Database> open_for_writing(const std::string& path, std::int64_t max_pages) {
  auto database = Database::open(path, Database::Mode::ReadWrite);
  if (!database) return database;
  auto done = create_or_migrate(*database);
  if (done) done = database->run(kPragmas);
  if (done && max_pages > 0) {
    done = database->run(fmt::format("PRAGMA max_page_count = {}", max_pages).c_str());
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return database;
}

}  // namespace

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::open(const std::string& path,
                                                               const RecordingStart& start,
                                                               WriterOptions options) {
  auto lock = lock_own_store(path);
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto database = open_for_writing(path, options.max_pages);
  if (!database) return std::unexpected(std::move(database.error()));
  std::unique_ptr<RecordingWriter> writer(
      new RecordingWriter(std::move(*lock), std::move(*database), std::move(options)));
  if (auto begun = writer->begin(start); !begun) return std::unexpected(std::move(begun.error()));
  return writer;
}

RecordingWriter::RecordingWriter(RecorderLock lock, Database database, WriterOptions options)
    : options_(std::move(options)),
      queue_(options_.queue_limit_bytes),
      lock_(std::move(lock)),
      database_(std::move(database)) {}

RecordingWriter::~RecordingWriter() {
  static_cast<void>(finish());
}  // errors went to on_error

Result<void> RecordingWriter::begin(const RecordingStart& start) {
  auto key = database_->text("SELECT value FROM meta WHERE key = 'redaction_key'");
  if (!key) return std::unexpected(std::move(key.error()));
  redaction_key_ = std::move(*key);
  auto begun = begin_recording(*database_, start, wall_clock_now());
  if (!begun) return std::unexpected(std::move(begun.error()));
  begun_ = std::move(*begun);
  auto rows = RowWriter::prepare(*database_, begun_.first_rule);
  if (!rows) return std::unexpected(std::move(rows.error()));
  rows_ = std::move(*rows);
  beside_ = {BesideStore{database_->log_path(), {}}, BesideStore{database_->log_index_path(), {}}};
  for (BesideStore& one : beside_)
    one.file = identity_of(one.path);
  next_session_ = begun_.first_session;
  next_exchange_ = begun_.first_exchange;
  thread_ = std::thread([this] { write_queue(); });
  ::pthread_setname_np(thread_.native_handle(), "store-writer");
  return {};
}

std::unique_ptr<Batch> RecordingWriter::new_batch() {
  return queue_.take_empty();
}

Bytes RecordingWriter::large_buffer() {
  return queue_.take_spare();
}

void RecordingWriter::submit(std::unique_ptr<Batch> batch) {
  if (broken()) {
    count_lost(*batch);
    queue_.recycle(std::move(batch));
    return;
  }
  queue_.push(std::move(batch));
}

bool RecordingWriter::full() const noexcept {
  return queue_.full();
}

bool RecordingWriter::broken() const noexcept {
  return broken_.load(std::memory_order_acquire);  // with it comes problem_
}

std::int64_t RecordingWriter::next_session_id() noexcept {
  return next_session_.fetch_add(1, std::memory_order_relaxed);
}

std::int64_t RecordingWriter::next_exchange_id() noexcept {
  return next_exchange_.fetch_add(1, std::memory_order_relaxed);
}

void RecordingWriter::write_queue() {
  BatchQueue::Batches batches;
  auto not_before = BatchQueue::Clock::now();
  while (queue_.wait(not_before, kTransactionBytes, batches)) {
    not_before = BatchQueue::Clock::now() + options_.beat;
    if (broken()) {
      for (const auto& batch : batches)
        count_lost(*batch);
    } else if (auto done = write(batches); !done) {
      break_down(std::move(done.error()), batches);
    }
    if (queue_.release(batches) && room_) room_();
  }
}

Result<void> RecordingWriter::write(const BatchQueue::Batches& batches) {
  if (auto in_place = check_place(); !in_place) return in_place;
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  auto done = rows_->write(batches);
  if (done) done = transaction->commit();
  if (done) committed_ = rows_->counts();
  return done;
}

/// A file without its name takes rows for as long as it is open, and nobody would ever read them.
Result<void> RecordingWriter::check_place() const {
  const auto gone = [this](std::string what) {
    return std::unexpected(Error(ErrorSource::Store, database_->path(), std::move(what)));
  };
  switch (lock_->fate()) {
    case RecorderLock::Fate::InPlace: break;
    case RecorderLock::Fate::Moved:
      return gone("was moved or replaced while it was recorded into; start again to go on");
    case RecorderLock::Fate::Deleted:
      return gone("was deleted while it was recorded into; start again to go on");
  }
  for (const BesideStore& one : beside_) {
    if (identity_of(one.path) == one.file) continue;
    return gone(
        fmt::format("its {} was deleted or replaced while it was recorded into; start "
                    "again to go on",
                    one.path));
  }
  return {};
}

void RecordingWriter::break_down(Error error, const BatchQueue::Batches& unwritten) {
  for (const auto& batch : unwritten)
    count_lost(*batch);
  const bool deleted = lock_->fate() == RecorderLock::Fate::Deleted;
  error.what += fmt::format("; recording has stopped, {} exchanges {}", committed_.exchanges,
                            deleted ? "went with the file" : "are kept");
  if (deleted) {
    const RowCounts gone = std::exchange(committed_, {});
    lost_exchanges_ += static_cast<std::uint64_t>(gone.exchanges);
    lost_rows_ += static_cast<std::uint64_t>(gone.exchanges + gone.segments);
    lost_bytes_ += gone.bytes;
  }
  ended_at_ = wall_clock_now();
  problem_ = std::move(error);
  broken_.store(true, std::memory_order_release);
  if (!check_place()) let_go();
  if (options_.on_error) options_.on_error(*problem_);
}

/// The next program that opens a file of the old name would share our log and its index, so both
/// are emptied and closed now: what is in the log goes into the file, wherever that is by now.
void RecordingWriter::let_go() {
  static_cast<void>(complete());  // the store is broken as it is: its error is what is told
  rows_.reset();
  database_.reset();
}

void RecordingWriter::add_dropped(std::uint64_t exchanges, std::uint64_t bytes) {
  lost_exchanges_ += exchanges;
  lost_rows_ += exchanges;
  lost_bytes_ += bytes;
}

void RecordingWriter::count_lost(const Batch& batch) {
  std::uint64_t bytes = 0;
  for (const ExchangeRow& row : batch.exchanges) {
    bytes += std::uint64_t{row.request.size} + row.reply.size;
  }
  for (const SegmentRow& row : batch.segments)
    bytes += row.bytes.size;
  lost_exchanges_ += batch.exchanges.size();
  lost_rows_ += batch.exchanges.size() + batch.segments.size();
  lost_bytes_ += bytes;
}

Result<void> RecordingWriter::complete() {
  const auto end = [this] {
    return end_recording(*database_, begun_.id, ended_at_, committed_, lost_rows_, lost_bytes_);
  };
  // A reader may keep the log from being emptied now; the last connection to close does it then.
  const auto empty_log = [this] { return database_->run("PRAGMA wal_checkpoint(TRUNCATE)"); };
  if (broken()) static_cast<void>(database_->run(kBrokenPragmas));
  auto ended = end();
  if (!ended) static_cast<void>(database_->run(kBrokenPragmas));
  const auto emptied = empty_log();
  // On a full disk the log, once emptied, has room for this one row.
  if (!ended && emptied) ended = end();
  if (!ended || emptied) return ended;
  Error error = emptied.error();
  error.what += fmt::format("; everything is in {} and {}: keep both, the next command joins them",
                            error.where, database_->log_path());
  return std::unexpected(std::move(error));
}

Result<void> RecordingWriter::complete_at_the_end() {
  if (!broken()) {
    ended_at_ = wall_clock_now();
    if (auto in_place = check_place(); !in_place) break_down(std::move(in_place.error()), {});
  }
  if (!broken()) return complete();
  if (!database_ && lock_->fate() == RecorderLock::Fate::InPlace) {  // let go for its log's sake
    auto database = open_for_writing(lock_->path(), options_.max_pages);
    if (!database) return std::unexpected(std::move(database.error()));
    database_ = std::move(*database);
  }
  return database_ ? complete() : Result<void>{};
}

Result<WriterSummary> RecordingWriter::finish() {
  if (thread_.joinable()) {
    queue_.close();
    thread_.join();
    auto done = complete_at_the_end();
    if (!done && !problem_) problem_ = std::move(done.error());
    rows_.reset();
    database_.reset();
    lock_.reset();
  }
  if (problem_) return std::unexpected(*problem_);
  return summary();
}

WriterSummary RecordingWriter::summary() const {
  return {begun_.name,     committed_.sessions, committed_.exchanges, committed_.bytes,
          lost_exchanges_, lost_rows_,          lost_bytes_};
}

}  // namespace understudy
