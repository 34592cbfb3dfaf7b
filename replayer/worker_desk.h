// What all connections of one worker share: the buffer that is read into, scratch buffers, a reader
// of the store for large bodies, and the tick that ends silences. Used by that worker's thread
// only.
#pragma once

#include "protocols/transport/worker_pool.h"
#include "replayer/conversation.h"
#include "replayer/journal.h"
#include "replayer/replayer.h"
#include "replayer/scratch.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace understudy {

/// What the tick and a stop do with a connection.
class Attended {
 public:
  virtual ~Attended() = default;
  /// Closes; whatever waits ends.
  virtual void close() = 0;
  /// Nothing is half received or half sent.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Close when this has passed.
  Instant deadline = Instant::max();

 private:
  friend class WorkerDesk;
  std::size_t place_ = 0;
};

class WorkerDesk {
 public:
  using OpenSource = std::function<Result<std::unique_ptr<RecordingSource>>()>;

  WorkerDesk(Worker& worker, Journal::Lane& journal, OpenSource open_source)
      : journal_(journal), open_source_(std::move(open_source)), timer_(worker.executor()) {}

  [[nodiscard]] Executor executor() { return timer_.get_executor(); }
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }
  /// Filled and carried out between two waits; a connection that has to wait moves it out.
  [[nodiscard]] Outbox& outbox() { return outbox_; }
  [[nodiscard]] ScratchShelf& scratch() { return scratch_; }
  [[nodiscard]] Journal::Lane& journal() { return journal_; }
  /// Bytes of a reply from the store; blocks on the disk. Error: Store.
  [[nodiscard]] Result<Bytes> read_stored(const StoredBytes& part);

  void attend(Attended& connection);
  void forget(Attended& connection);
  /// Ends silences once a second, until begin_stop().
  Task<void> tick();
  /// Closes what is idle; the rest ends itself after its reply.
  void begin_stop();
  void close_all();
  [[nodiscard]] bool stopping() const { return stopping_; }

 private:
  /// As much as the kernel's receive buffer holds by default on loopback.
  static constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

  Journal::Lane& journal_;
  OpenSource open_source_;
  Timer timer_;
  std::vector<char> read_buffer_ = std::vector<char>(kReadBytes);
  Outbox outbox_;
  ScratchShelf scratch_;
  std::unique_ptr<RecordingSource> source_;
  std::vector<Attended*> attended_;
  bool stopping_ = false;
};

}  // namespace understudy
