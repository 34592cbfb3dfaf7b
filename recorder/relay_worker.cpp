#include "recorder/relay_worker.h"

#include "protocols/transport/task_group.h"
#include "recorder/relay.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <vector>

namespace understudy {

RelayWorker::RelayWorker(Worker& worker, std::size_t workers, RecordingSink& sink,
                         const RecorderOptions& options, TaskGroup& tasks)
    : worker_(worker),
      options_(options),
      tasks_(tasks),
      outbox_(sink, options.overload == Overload::Drop,
              kCrowdedBytes / static_cast<std::int64_t>(workers)),
      beat_timer_(worker.executor()),
      tick_timer_(worker.executor()),
      room_(worker.executor(), Timer::time_point::max()),
      crowded_kept_bytes_(kCrowdedKeptBytes / workers) {}

void RelayWorker::add(Relay& relay) {
  relays_.insert(&relay);
  rows_changed();
  if (ticking_) return;
  ticking_ = true;
  tasks_.spawn(executor(), tick_loop());
}

void RelayWorker::remove(Relay& relay) {
  relays_.erase(&relay);
  rows_changed();
  if (relays_.empty()) tick_timer_.cancel();
}

void RelayWorker::rows_changed() {
  if (beating_ || outbox_.idle()) return;
  beating_ = true;
  tasks_.spawn(executor(), beat_loop());
}

Task<void> RelayWorker::beat_loop() {
  while (!outbox_.idle()) {
    beat_timer_.expires_after(kBeat);
    co_await beat_timer_.async_wait(asio::as_tuple(use_task));
    outbox_.beat();
  }
  beating_ = false;
}

Task<void> RelayWorker::tick_loop() {
  while (!relays_.empty()) {
    tick_timer_.expires_after(kTick);
    co_await tick_timer_.async_wait(asio::as_tuple(use_task));
    ++ticks_;
    // A relay may end during the look, so look at a copy; each stays alive in its own coroutine.
    const std::vector<Relay*> now(relays_.begin(), relays_.end());
    for (Relay* relay : now)
      relay->tick();
  }
  ticking_ = false;
}

Task<void> RelayWorker::room() {
  // The writer's word is posted to this thread after it made room, so none is missed between the
  // question and the wait.
  if (outbox_.must_stall()) co_await room_.async_wait(asio::as_tuple(use_task));
}

void RelayWorker::post_room() {
  asio::post(executor(), [this] { room_.cancel(); });
}

void RelayWorker::begin_stop() {
  const std::vector<Relay*> now(relays_.begin(), relays_.end());
  for (Relay* relay : now)
    relay->begin_stop();
  room_.cancel();  // who waits for a slow disk and is over need not wait on
}

void RelayWorker::end_all() {
  const std::vector<Relay*> now(relays_.begin(), relays_.end());
  for (Relay* relay : now)
    relay->end_now();
  room_.cancel();
  beat_timer_.cancel();
}

}  // namespace understudy
