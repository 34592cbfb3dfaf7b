// What the relays of one worker share: the read buffer, the clock, the rows' outbox, the list of
// sessions and the two timers over all of them.
//
// One object per worker; used by that worker's thread only, counters excepted.
#pragma once

#include "protocols/transport/asio.h"
#include "protocols/transport/worker_pool.h"
#include "recorder/recorder.h"
#include "recorder/row_outbox.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <unordered_set>

namespace understudy {

class Relay;
class TaskGroup;

/// How often silences are looked at: fine enough for time-outs of seconds, and one look costs a
/// few nanoseconds a session.
inline constexpr std::chrono::milliseconds kTick{250};
/// One read takes at most this much: large bodies in few system calls, and it fits the cache.
inline constexpr std::size_t kReadBufferBytes = std::size_t{64} * 1024;
/// What one read may bring is what a peer that does not take it makes us keep. Once the sessions
/// of all workers keep this much together, each read is short: a thousand clients that stop in the
/// middle of a body must not cost a thousand buffers.
inline constexpr std::size_t kCrowdedKeptBytes = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t kCrowdedReadBytes = std::size_t{8} * 1024;

class RelayWorker {
 public:
  /// `workers`: how many share the bounds on memory.
  RelayWorker(Worker& worker, std::size_t workers, RecordingSink& sink,
              const RecorderOptions& options, TaskGroup& tasks);

  [[nodiscard]] Executor executor() { return worker_.executor(); }
  [[nodiscard]] RowOutbox& outbox() { return outbox_; }
  [[nodiscard]] std::span<char> read_buffer() {
    return std::span(buffer_).first(kept_bytes_ < crowded_kept_bytes_ ? buffer_.size()
                                                                      : kCrowdedReadBytes);
  }
  /// Sessions say how many bytes they keep because a peer takes none: `before`, then `now`.
  void keeps(std::size_t before, std::size_t now) { kept_bytes_ += now - before; }
  [[nodiscard]] const RecorderOptions& options() const { return options_; }
  [[nodiscard]] TaskGroup& tasks() { return tasks_; }
  /// Ticks of kTick since the start: the relays' clock for silences.
  [[nodiscard]] std::uint32_t ticks() const { return ticks_; }

  void add(Relay& relay);
  void remove(Relay& relay);
  /// Rows may wait: makes sure that the beat runs.
  void rows_changed();
  /// Ends once the sink has room again, at once where it has, or when sessions are told to end: ask
  /// again.
  Task<void> room();
  /// The sink has room again. Any thread.
  void post_room();

  /// Tells every session that the program stops: idle ones end now, the others when they may.
  void begin_stop();
  /// Ends every session now.
  void end_all();
  /// Hands over what is left. After it no relay may run.
  void flush() { outbox_.flush(); }

 private:
  Task<void> beat_loop();
  Task<void> tick_loop();

  Worker& worker_;
  const RecorderOptions& options_;
  TaskGroup& tasks_;
  RowOutbox outbox_;
  Timer beat_timer_, tick_timer_;
  Timer room_;  ///< never expires; cancelled when the sink has room

  std::array<char, kReadBufferBytes> buffer_;
  const std::size_t crowded_kept_bytes_;
  std::size_t kept_bytes_ = 0;
  std::unordered_set<Relay*> relays_;
  std::uint32_t ticks_ = 0;
  bool beating_ = false, ticking_ = false;
};

}  // namespace understudy
