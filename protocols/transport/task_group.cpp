#include "protocols/transport/task_group.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace understudy {

void TaskGroup::spawn(Executor executor, Task<void> task) {
  {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  asio::co_spawn(executor, std::move(task),
                 [this](const std::exception_ptr& escaped) { ended(escaped); });
}

void TaskGroup::ended(const std::exception_ptr& escaped) {
  if (escaped) {
    try {
      std::rethrow_exception(escaped);
    } catch (const std::exception& error) {
      on_escape_(error.what());
    } catch (...) {
      on_escape_("an exception of an unknown type");
    }
  }
  const std::lock_guard lock(mutex_);
  if (--running_ == 0) idle_.notify_all();
}

bool TaskGroup::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, patience, [this] { return running_ == 0; });
}

std::size_t TaskGroup::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace understudy
