#include "protocols/transport/worker_pool.h"

#include "protocols/transport/poller.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <latch>
#include <string>

namespace understudy {

Worker::Worker(std::size_t index) : index_(index) {
  static_cast<void>(
      Poller::of(executor()));  // its descriptor is there from the start, or the start fails
}

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
    const std::string name = "worker-" + std::to_string(worker->index());
    ::pthread_setname_np(worker->thread_.native_handle(), name.c_str());
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
  // Cores that this process may use: a container or `taskset` gives fewer than the machine has, and
  // workers that share a core only switch between each other.
  cpu_set_t usable;
  CPU_ZERO(&usable);
  const bool known = ::sched_getaffinity(0, sizeof usable, &usable) == 0;
  const int cores = known ? CPU_COUNT(&usable) : 1;
  return std::clamp<std::size_t>(static_cast<std::size_t>(cores), 1, kMaxDefaultWorkers);
}

}  // namespace understudy
