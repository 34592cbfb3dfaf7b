#include "protocols/transport/poller.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace understudy {

namespace {

/// Everything, once per edge. EPOLLRDHUP and EPOLLPRI are asked for because a read that stops at a
/// FIN or at urgent data comes back short with more to come.
constexpr std::uint32_t kInterest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kCutsReadsShort = EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR;

}  // namespace

Poller::Poller(asio::execution_context& context)
    : asio::execution_context::service(context), fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  set_.emplace(static_cast<asio::io_context&>(context).get_executor(), fd_);
}

Poller& Poller::of(Executor executor) {
  return asio::use_service<Poller>(executor.context());
}

void Poller::shutdown() {
  // A waiter's coroutine owns its Watch: dropping one removes the other from watches_.
  while (!watches_.empty()) {
    Watch& last = *watches_.back();
    watches_.pop_back();
    last.place_ = SIZE_MAX;
    Watch::Waiter reader = std::exchange(last.state(Watch::For::Read).waiter, {});
    Watch::Waiter writer = std::exchange(last.state(Watch::For::Write).waiter, {});
  }
  set_.reset();
}

void Poller::add(Watch& watch) {
  watch.place_ = watches_.size();
  watches_.push_back(&watch);
  epoll_event event{};
  event.events = kInterest;
  event.data.ptr = &watch;
  ::epoll_ctl(fd_, EPOLL_CTL_ADD, watch.fd(), &event);
}

void Poller::remove(Watch& watch) {
  if (watch.place_ == SIZE_MAX) return;
  watches_.back()->place_ = watch.place_;
  std::swap(watches_[watch.place_], watches_.back());
  watches_.pop_back();
  watch.place_ = SIZE_MAX;
  ::epoll_ctl(fd_, EPOLL_CTL_DEL, watch.fd(), nullptr);
  // What was already taken from the kernel must not reach it any more.
  for (int i = 0; i < count_; ++i) {
    if (events_[static_cast<std::size_t>(i)].data.ptr == &watch) {
      events_[static_cast<std::size_t>(i)].data.ptr = nullptr;
    }
  }
  if (watch.due_) {
    std::ranges::replace(due_, &watch, nullptr);
    std::ranges::replace(due_now_, &watch, nullptr);
  }
}

void Poller::waiting(int change) {
  waits_ += static_cast<std::size_t>(change);
  if (!running_) settle();
}

/// Has Asio wait for the set exactly while somebody waits for a socket in it: a wait more would
/// keep the context from ending.
void Poller::settle() {
  if (waits_ > 0 && !armed_) arm();
  if (waits_ == 0 && armed_) set_->cancel();
}

void Poller::resume_soon(Watch& watch) {
  if (std::exchange(watch.due_, true)) return;
  due_.push_back(&watch);
  if (!running_ && due_.size() == 1) asio::post(set_->get_executor(), [this] { run(); });
}

void Poller::arm() {
  armed_ = true;
  set_->async_wait(asio::posix::descriptor_base::wait_read, [this](ErrorCode error) {
    armed_ = false;
    if (!error) return run();
    settle();  // cancelled, and perhaps waited for again since
  });
}

void Poller::run() {
  running_ = true;
  int rounds = 0;
  while (round() && ++rounds < kRounds) {
  }
  running_ = false;
  if (!due_.empty()) asio::post(set_->get_executor(), [this] { run(); });
  settle();
}

/// Goes once through what is ready. False: nothing was.
bool Poller::round() {
  due_now_.swap(due_);
  count_ = ::epoll_wait(fd_, events_.data(), static_cast<int>(kEvents), 0);
  const bool any = count_ > 0 || !due_now_.empty();
  for (int i = 0; i < count_; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) static_cast<Watch*>(event.data.ptr)->happened(event.events);
  }
  count_ = 0;
  for (std::size_t i = 0; i < due_now_.size(); ++i) {
    Watch* watch = std::exchange(due_now_[i], nullptr);
    if (watch == nullptr) continue;
    watch->due_ = false;
    watch->resume();
  }
  due_now_.clear();
  return any;
}

Watch::Watch(Executor executor, Descriptor socket)
    : executor_(executor), poller_(Poller::of(executor)), socket_(std::move(socket)) {
  poller_.add(*this);
}

Watch::~Watch() {
  for (const State& state : states_) {
    if (state.waiter) poller_.waiting(-1);
  }
  poller_.remove(*this);
}

void Watch::wait(For what, Waiter waiter) {
  State& at = state(what);
  assert(!at.waiter && "two coroutines wait for the same");
  at.waiter = std::move(waiter);
  poller_.waiting(+1);
  if (!socket_) return cancel(what);
  if (at.ready) poller_.resume_soon(*this);
}

void Watch::happened(std::uint32_t events) {
  if ((events & kCutsReadsShort) != 0) read_until_empty_ = true;
  if ((events & kReadable) != 0) state(For::Read).ready = true;
  if ((events & kWritable) != 0) state(For::Write).ready = true;
  resume();
}

void Watch::resume() {
  Waiter writer;
  if (state(For::Write).ready && state(For::Write).waiter) {
    writer = std::exchange(state(For::Write).waiter, {});
    poller_.waiting(-1);
  }
  if (state(For::Read).ready && state(For::Read).waiter) {
    Waiter reader = std::exchange(state(For::Read).waiter, {});
    poller_.waiting(-1);
    reader(ErrorCode());
  }
  if (writer) writer(ErrorCode());  // holds what it resumes, also where the watch is gone
}

void Watch::cancel(For what) {
  State& at = state(what);
  if (!at.waiter) return;
  asio::post(executor_, [waiter = std::exchange(at.waiter, {})]() mutable {
    waiter(asio::error::operation_aborted);
  });
  poller_.waiting(-1);
}

void Watch::close() {
  static_cast<void>(release());
}

Descriptor Watch::release() {
  cancel(For::Read);
  cancel(For::Write);
  if (!socket_) return Descriptor();
  poller_.remove(*this);
  return std::move(socket_);
}

}  // namespace understudy
