// A time limit on something that a coroutine waits for.
#pragma once

#include "protocols/transport/asio.h"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace understudy {

/// Calls `expire` once at `when`, unless it is gone by then. A bare timer is not enough: its
/// handler may already be on its way when the coroutine that armed it ends. Same thread throughout.
class Deadline {
 public:
  Deadline(const Executor& executor, std::chrono::steady_clock::time_point when,
           std::function<void()> expire)
      : timer_(executor, when), state_(std::make_shared<State>(State{std::move(expire), false})) {
    timer_.async_wait([state = state_](ErrorCode cancelled) {
      if (cancelled || !state->expire) return;
      state->expired = true;
      state->expire();
    });
  }
  ~Deadline() { state_->expire = nullptr; }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool expired() const { return state_->expired; }

 private:
  struct State {
    std::function<void()> expire;
    bool expired = false;
  };
  Timer timer_;
  std::shared_ptr<State> state_;
};

}  // namespace understudy
