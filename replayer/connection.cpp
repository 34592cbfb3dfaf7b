#include "replayer/connection.h"

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

namespace understudy {

namespace {

/// Keep-alive connections on which nothing is asked: as long as common servers keep them.
constexpr std::chrono::seconds kIdleTimeout{75};
/// A head that was begun. Stops clients that send a byte a minute.
constexpr std::chrono::seconds kHeadTimeout{30};
/// A client that does not read its reply, where the protocol bounds silences at all.
constexpr std::chrono::seconds kStalledWrite{300};
/// After our FIN: what the client still sends is read away, or its reply could be lost to a reset.
constexpr std::chrono::seconds kLinger{2};
/// Large bodies are read from the store in pieces of this size.
constexpr std::uint64_t kStoredPiece = std::uint64_t{256} * 1024;

/// Removes what was written from the front.
void drop_front(std::vector<ByteView>& pieces, std::size_t written) {
  std::size_t first = 0;
  while (first < pieces.size() && written >= pieces[first].size())
    written -= pieces[first++].size();
  if (first < pieces.size()) pieces[first].remove_prefix(written);
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(first));
}

}  // namespace

Connection::Connection(WorkerDesk& desk, Stream stream, std::unique_ptr<Conversation> conversation,
                       TlsDoor* door, std::uint64_t session)
    : desk_(desk),
      stream_(std::move(stream)),
      conversation_(std::move(conversation)),
      door_(door),
      session_(session) {
  desk_.attend(*this);
}

Connection::~Connection() {
  desk_.forget(*this);
}

void Connection::close() {
  gone_ = true;
  stream_.close();
  if (timer_) timer_->cancel();
}

void Connection::stamp() {
  now_ = {std::chrono::steady_clock::now(), wall_clock_now()};
}

Task<void> Connection::run() {
  stamp();
  desk_.outbox().clear();
  conversation_->on_open(now_, desk_.outbox());
  for (;;) {
    const bool goes_on = co_await carry_out();
    if (!goes_on || gone_) co_return;
    if (desk_.stopping() && conversation_->idle()) co_return co_await finish(Outbox::End::Close);
    const Event event = co_await next_event();
    if (event == Event::Gone || gone_) co_return;
    stamp();
    desk_.outbox().clear();
    if (event == Event::Time) {
      conversation_->on_time(now_, desk_.outbox());
    } else {
      read_once();
    }
  }
}

/// Does what the desk's outbox says. False: the connection is over.
Task<bool> Connection::carry_out() {
  for (;;) {
    Outbox& out = desk_.outbox();
    const Outbox::End end = out.end;
    const bool more = out.more;
    std::unique_ptr<Handover> handover = std::move(out.handover);
    wake_ = out.wake;
    const bool all_out = send_now(out.pieces) && out.stored.size == 0;
    if (gone_) co_return false;
    if (!all_out) {
      co_await send_later(std::exchange(out.pieces, {}), out.stored);
      if (gone_) co_return false;
      stamp();
    }
    if (end != Outbox::End::None) {
      co_await finish(end);
      co_return false;
    }
    if (handover) {
      const bool goes_on = co_await hand_over(std::move(handover));
      if (!goes_on) co_return false;
      continue;
    }
    if (!more) co_return true;
    desk_.outbox().clear();
    conversation_->on_sent(now_, desk_.outbox());
  }
}

/// Begins what follows, which fills the desk's outbox. False: the connection is over.
Task<bool> Connection::hand_over(std::unique_ptr<Handover> handover) {
  if (handover->next) {
    unread_ = std::move(handover->unread);
    finished_ = false;  // the next conversation is told of it again
    conversation_ = std::move(handover->next);
    desk_.outbox().clear();
    conversation_->on_open(now_, desk_.outbox());
    co_return true;
  }
  assert(door_ != nullptr && "TLS was asked for where it is not looked for");
  deadline = Instant::max();  // the door has its own
  const bool secured = co_await door_->enter(stream_, std::move(handover->names),
                                             std::move(handover->unread), session_);
  if (!secured || gone_) {
    close();
    co_return false;
  }
  stamp();
  desk_.outbox().clear();
  conversation_->on_secured(now_, desk_.outbox());
  co_return true;
}

/// Writes what the socket takes; true: all of it. What is left stays in `pieces`.
bool Connection::send_now(std::vector<ByteView>& pieces) {
  while (!pieces.empty()) {
    const IoResult written = stream_.try_write(pieces);
    if (written.status == IoResult::Status::Broken) close();
    if (written.status != IoResult::Status::Done) return false;
    drop_front(pieces, written.size);
  }
  return true;
}

Task<void> Connection::send_later(std::vector<ByteView> pieces, StoredBytes stored) {
  sending_ = true;
  co_await send_all(std::move(pieces));
  if (!gone_ && stored.size != 0) co_await send_stored(stored);
  sending_ = false;
}

Task<void> Connection::send_all(std::vector<ByteView> pieces) {
  while (!gone_ && !send_now(pieces) && !gone_) {
    const bool bounded = conversation_->silence() != Silence::Unlimited;
    deadline = bounded ? std::chrono::steady_clock::now() + kStalledWrite : Instant::max();
    expected_ = Silence::Unlimited;
    auto [error] = co_await stream_.writable();
    if (error) close();
  }
}

Task<void> Connection::send_stored(StoredBytes stored) {
  while (!gone_ && stored.size != 0) {
    const StoredBytes part{stored.exchange, stored.offset, std::min(stored.size, kStoredPiece)};
    const Result<Bytes> bytes = desk_.read_stored(part);
    if (!bytes || bytes->empty()) {
      const std::string why = bytes ? "the store holds less than it says" : describe(bytes.error());
      spdlog::error("replay exchange_row={} reply cut short: {}", stored.exchange, why);
      stream_.reset();
      gone_ = true;
      co_return;
    }
    stored.offset += bytes->size();
    stored.size -= bytes->size();
    std::vector<ByteView> pieces(1, ByteView(*bytes));
    co_await send_all(std::move(pieces));
  }
}

Task<Connection::Event> Connection::next_event() {
  const bool reads = conversation_->wants_bytes() && !finished_;
  if (reads && !unread_.empty()) co_return Event::Readable;
  if (reads && wake_) co_return co_await readable_or_time();
  if (reads) {
    expect_client();
    auto [error] = co_await stream_.readable();
    co_return error ? Event::Gone : Event::Readable;
  }
  if (!wake_) co_return Event::Gone;
  if (!timer_) timer_.emplace(stream_.executor());
  deadline = Instant::max();
  timer_->expires_at(*wake_);
  co_await timer_->async_wait(asio::as_tuple(use_task));
  co_return gone_ ? Event::Gone : Event::Time;
}

/// Neither wait takes anything from the socket, so the one that is cancelled loses nothing.
Task<Connection::Event> Connection::readable_or_time() {
  using namespace asio::experimental::awaitable_operators;
  if (!timer_) timer_.emplace(stream_.executor());
  deadline = Instant::max();
  timer_->expires_at(*wake_);
  const auto first = co_await (stream_.readable() || timer_->async_wait(asio::as_tuple(use_task)));
  if (gone_) co_return Event::Gone;
  if (first.index() == 1) co_return Event::Time;
  const ErrorCode error = std::get<0>(std::get<0>(first));
  co_return error ? Event::Gone : Event::Readable;
}

/// Sets the deadline of the silence that begins. A head's counts from its first byte.
void Connection::expect_client() {
  const Silence silence = conversation_->silence();
  const bool runs_on = silence == Silence::Head && expected_ == Silence::Head;
  expected_ = silence;
  if (runs_on) return;
  switch (silence) {
    case Silence::Unlimited: deadline = Instant::max(); break;
    case Silence::Idle: deadline = now_.steady + kIdleTimeout; break;
    case Silence::Head: deadline = now_.steady + kHeadTimeout; break;
  }
}

void Connection::read_once() {
  if (!unread_.empty()) {
    const Bytes bytes = std::exchange(unread_, {});
    return conversation_->on_bytes(bytes, now_, desk_.outbox());
  }
  const IoResult read = stream_.try_read(desk_.read_buffer());
  switch (read.status) {
    case IoResult::Status::Done: {
      const ByteView bytes(desk_.read_buffer().data(), read.size);
      return conversation_->on_bytes(bytes, now_, desk_.outbox());
    }
    case IoResult::Status::NotNow: desk_.outbox().wake = wake_; return;
    case IoResult::Status::Finished:
      finished_ = true;
      return conversation_->on_eof(now_, desk_.outbox());
    case IoResult::Status::Broken: return close();
  }
}

Task<void> Connection::finish(Outbox::End end) {
  if (end == Outbox::End::Reset) {
    stream_.reset();
    co_return;
  }
  stream_.finish_sending();
  deadline = std::chrono::steady_clock::now() + kLinger;
  while (!finished_ && !gone_ && !desk_.stopping()) {
    auto [error] = co_await stream_.readable();
    if (error || gone_) break;
    const IoResult read = stream_.try_read(desk_.read_buffer());
    const bool ended =
        read.status == IoResult::Status::Finished || read.status == IoResult::Status::Broken;
    if (ended) break;
  }
  stream_.close();
}

}  // namespace understudy
