// The threads that carry connections. A connection lives and dies on one worker, so nothing about
// it needs a lock; what crosses workers is posted.
#pragma once

#include "protocols/transport/asio.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace understudy {

/// One io_context and the one thread that runs it.
class Worker {
 public:
  explicit Worker(std::size_t index);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] Executor executor() { return context_.get_executor(); }
  [[nodiscard]] asio::io_context& context() { return context_; }
  [[nodiscard]] std::size_t index() const { return index_; }

 private:
  friend class WorkerPool;
  asio::io_context context_{1};
  std::optional<asio::executor_work_guard<Executor>> work_;
  std::thread thread_;
  const std::size_t index_;
};

class WorkerPool {
 public:
  /// `count` workers, at least one. Threads start with start().
  explicit WorkerPool(std::size_t count);
  /// Stops and joins.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void start();
  /// Ends every worker's loop, whatever is pending, and joins. Call when nothing is left to finish.
  void stop();

  [[nodiscard]] std::size_t size() const { return workers_.size(); }
  [[nodiscard]] Worker& worker(std::size_t index) { return *workers_[index]; }
  /// The worker for the next connection, in turn. Any thread.
  [[nodiscard]] Worker& next();
  /// Runs `work` once on every worker's thread and waits until all have. Not from a worker.
  void on_each(const std::function<void(Worker&)>& work);

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::size_t> turn_{0};
};

/// A worker for each core, at most this many: beyond it the store's one writer is the limit.
inline constexpr std::size_t kMaxDefaultWorkers = 4;
[[nodiscard]] std::size_t default_worker_count();

}  // namespace understudy
