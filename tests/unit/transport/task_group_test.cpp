#include "protocols/transport/task_group.h"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <stdexcept>

#include "protocols/transport/worker_pool.h"

namespace understudy {
namespace {

Task<void> wait_on(Timer& timer) {
  co_await timer.async_wait(asio::as_tuple(use_task));
}

Task<void> fail() {
  throw std::runtime_error("lost its way");
  co_return;
}

TEST(TaskGroup, WaitsForWhatItSpawned) {
  WorkerPool pool(1);
  pool.start();
  TaskGroup tasks([](const std::string&) { FAIL(); });
  Timer never(pool.worker(0).executor(), Timer::time_point::max());
  tasks.spawn(pool.worker(0).executor(), wait_on(never));
  EXPECT_FALSE(tasks.wait(std::chrono::milliseconds(20)));
  EXPECT_EQ(tasks.running(), 1u);
  pool.on_each([&never](Worker&) { never.cancel(); });
  EXPECT_TRUE(tasks.wait(std::chrono::seconds(10)));
}

TEST(TaskGroup, AnExceptionIsToldAndDoesNotSpread) {
  WorkerPool pool(1);
  pool.start();
  std::string told;
  TaskGroup tasks([&told](const std::string& what) { told = what; });
  tasks.spawn(pool.worker(0).executor(), fail());
  EXPECT_TRUE(tasks.wait(std::chrono::seconds(10)));
  EXPECT_EQ(told, "lost its way");
}

}  // namespace
}  // namespace understudy
