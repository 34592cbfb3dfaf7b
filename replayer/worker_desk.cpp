#include "replayer/worker_desk.h"

#include <boost/asio/as_tuple.hpp>

#include <cassert>
#include <utility>

namespace understudy {

namespace {

/// Silences are bounded to about this; one timer for each worker instead of one for each request.
constexpr std::chrono::seconds kTick{1};

}  // namespace

Result<Bytes> WorkerDesk::read_stored(const StoredBytes& part) {
  if (!source_) {
    if (!open_source_) {
      return std::unexpected(Error(ErrorSource::Store, "", "no store to read large bodies from"));
    }
    Result<std::unique_ptr<RecordingSource>> opened = open_source_();
    if (!opened) return std::unexpected(opened.error());
    source_ = std::move(*opened);
  }
  return source_->read(part.exchange, Side::Server, part.offset,
                       static_cast<std::size_t>(part.size));
}

void WorkerDesk::attend(Attended& connection) {
  connection.place_ = attended_.size();
  attended_.push_back(&connection);
}

void WorkerDesk::forget(Attended& connection) {
  assert(attended_[connection.place_] == &connection);
  attended_.back()->place_ = connection.place_;
  attended_[connection.place_] = attended_.back();
  attended_.pop_back();
}

Task<void> WorkerDesk::tick() {
  while (!stopping_) {
    timer_.expires_after(kTick);
    co_await timer_.async_wait(asio::as_tuple(use_task));
    const Instant now = std::chrono::steady_clock::now();
    // close() only ends waits: no connection leaves the list before this loop is over.
    for (Attended* connection : attended_) {
      if (connection->deadline <= now) connection->close();
    }
  }
}

void WorkerDesk::begin_stop() {
  stopping_ = true;
  timer_.cancel();
  for (Attended* connection : attended_) {
    if (connection->idle()) connection->close();
  }
}

void WorkerDesk::close_all() {
  for (Attended* connection : attended_)
    connection->close();
}

}  // namespace understudy
