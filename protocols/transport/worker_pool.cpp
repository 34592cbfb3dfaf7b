#include "protocols/transport/worker_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <latch>

namespace understudy {

WorkerPool::WorkerPool(std::size_t count) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    workers_.push_back(std::make_unique<Worker>(i));
  }
}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::start() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->work_.emplace(worker->executor());
    worker->thread_ = std::thread([context = &worker->context_] { context->run(); });
  }
}

void WorkerPool::stop() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->work_.reset();
    worker->context_.stop();
  }
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->thread_.joinable()) worker->thread_.join();
  }
}

Worker& WorkerPool::next() {
  return *workers_[turn_.fetch_add(1, std::memory_order_relaxed) % workers_.size()];
}

void WorkerPool::on_each(const std::function<void(Worker&)>& work) {
  std::latch done(static_cast<std::ptrdiff_t>(workers_.size()));
  for (const std::unique_ptr<Worker>& worker : workers_) {
    asio::post(worker->executor(), [&work, &done, w = worker.get()] {
      work(*w);
      done.count_down();
    });
  }
  done.wait();
}

std::size_t default_worker_count() {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::min(cores, kMaxDefaultWorkers);
}

}  // namespace understudy
