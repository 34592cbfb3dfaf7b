// Remembers the coroutines of a server, so that a stop can wait for them and none dies unheard.
#pragma once

#include "protocols/transport/asio.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace understudy {

/// Safe from any thread. Must outlive what it spawned: wait() before it goes.
class TaskGroup {
 public:
  /// `on_escape` is told of an exception that left a coroutine: a mistake of ours, or no memory.
  explicit TaskGroup(std::function<void(const std::string&)> on_escape)
      : on_escape_(std::move(on_escape)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void spawn(Executor executor, Task<void> task);
  /// Waits until none runs, at most `patience`. False: some still do. Not from a worker.
  [[nodiscard]] bool wait(std::chrono::milliseconds patience);
  [[nodiscard]] std::size_t running() const;

 private:
  void ended(const std::exception_ptr& escaped);

  std::function<void(const std::string&)> on_escape_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t running_ = 0;
};

}  // namespace understudy
