// The socket side of one conversation: reads, writes, waits, nothing else. One coroutine for each
// connection, on one worker's thread.
#pragma once

#include "protocols/transport/stream.h"
#include "replayer/tls_door.h"
#include "replayer/worker_desk.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace understudy {

class Connection final : public Attended {
 public:
  /// `door`: where conversations may ask for TLS, else null; `session` is for its log.
  Connection(WorkerDesk& desk, Stream stream, std::unique_ptr<Conversation> conversation,
             TlsDoor* door, std::uint64_t session);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// From the first byte to the last; never throws for what a peer does.
  Task<void> run();

  void close() override;
  [[nodiscard]] bool idle() const override { return !sending_ && conversation_->idle(); }

 private:
  enum class Event : std::uint8_t { Readable, Time, Gone };

  Task<bool> carry_out();
  Task<bool> hand_over(std::unique_ptr<Handover> handover);
  bool send_now(std::vector<ByteView>& pieces);
  Task<void> send_later(std::vector<ByteView> pieces, StoredBytes stored);
  Task<void> send_all(std::vector<ByteView> pieces);
  Task<void> send_stored(StoredBytes stored);
  Task<Event> next_event();
  Task<Event> readable_or_time();
  void read_once();
  Task<void> finish(Outbox::End end);
  void expect_client();
  void stamp();

  WorkerDesk& desk_;
  Stream stream_;
  std::unique_ptr<Conversation> conversation_;
  TlsDoor* const door_;
  const std::uint64_t session_;
  Bytes unread_;                ///< of the client, for the conversation to begin with
  std::optional<Timer> timer_;  ///< only where a reply was paced
  std::optional<Instant> wake_;
  Moment now_;
  Silence expected_ = Silence::Unlimited;
  bool sending_ = false;
  bool finished_ = false;  ///< the client sends no more
  bool gone_ = false;      ///< closed or broken: nothing can be read or written
};

}  // namespace understudy
