// The pumps: reading, and handing what was read to the forwarder. Sending and closing, the Link
// side, is in relay_link.cpp; TLS in relay_tls.cpp.
#include "recorder/relay.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "protocols/core/protocol.h"
#include "protocols/transport/task_group.h"

namespace understudy {

namespace {

/// A client that was sent its last reply may still be sending: closing at once would reset the
/// connection and destroy the reply on its way. So its bytes are read and forgotten for this long.
constexpr std::chrono::milliseconds kLinger{2'000};

NoUpstream why_not(const ConnectOutcome& outcome) {
  if (outcome.loop) return NoUpstream::Loop;
  return outcome.timed_out ? NoUpstream::TimedOut : NoUpstream::Refused;
}

std::chrono::milliseconds patience_for(Wait wait, const RelayLimits& limits) {
  switch (wait) {
    case Wait::Head: return limits.head;
    case Wait::FirstBytes: return limits.first_bytes;
    case Wait::None:
    case Wait::Reply: break;
  }
  return limits.reply;
}

}  // namespace

Relay::Relay(RelayWorker& home, const RelayRule& rule, Stream client,
             std::atomic<std::int64_t>& open_sessions)
    : home_(home),
      rule_(rule),
      open_sessions_(open_sessions),
      session_(home.outbox().sink().next_session_id()),
      tape_(home.outbox(), session_, rule.protocol->name(), rule.redaction),
      wake_(home.executor(), Timer::time_point::max()),
      active_at_(home.ticks()) {
  const Timestamp now = wall_clock_now();
  tape_.set_time(now);
  home_.outbox().batch().sessions_opened.push_back(
      {session_, rule.position, now, client.peer_address(), client.local_address()});
  client_.stream.emplace(std::move(client));
  if (rule.rule->transparent) take_original_destination();
  forwarder_ = rule.protocol->forwarder(this->rule());
  home_.add(*this);
  ++open_sessions_;
}

Relay::~Relay() {
  for (const std::unique_ptr<Port>& upstream : upstreams_)
    forget_own_end(*upstream);
  home_.outbox().batch().sessions_closed.push_back(
      {session_, wall_clock_now(), std::string(end_reason_), std::string(tape_.note()),
       tape_.bytes_from(Side::Client), tape_.bytes_from(Side::Server), tape_.dropped_bytes()});
  home_.keeps(kept_bytes_, 0);
  home_.remove(*this);
  leave();
}

/// Gives the place up before the socket goes: whoever sees it closed may count on the place.
void Relay::leave() {
  if (!std::exchange(left_, true)) --open_sessions_;
}

void Relay::start() {
  home_.tasks().spawn(home_.executor(), run_client(shared_from_this()));
}

Task<void> Relay::run_client([[maybe_unused]] std::shared_ptr<Relay> self) {
  if (rule_.rule->client_tls) {
    const bool agreed = co_await agree_at_start();
    if (!agreed) co_return co_await pump(client_);
  }
  forwarder_->start(*this);
  after_event();
  co_await pump(client_);
}

Task<ConnectOutcome> Relay::connect(Port& port) {
  const Timestamp began = wall_clock_now();
  const RecorderOptions& options = home_.options();
  const UpstreamProxy* via = options.upstream_proxy ? &*options.upstream_proxy : nullptr;
  const std::string destination = to_string(port.route.destination);
  ConnectOutcome outcome;
  if (came_directly_) {
    co_await asio::post(home_.executor(), use_task);  // whoever asks for this gets no answer yet
  } else {
    outcome = co_await connect_to(home_.executor(), port.route.destination, options.limits.connect,
                                  port.connecting, via);
  }
  if (const std::string_view loop = loop_through(port, outcome); !loop.empty()) {
    outcome.stream.reset();
    outcome.loop = true;
    outcome.error = Error(ErrorSource::Config, destination, std::string(loop));
  }
  home_.outbox().batch().upstreams.push_back(
      {session_, port.number, began, destination, outcome.address, outcome.resolve, outcome.connect,
       outcome.stream ? std::string() : outcome.error.what, port.route.place});
  co_return outcome;
}

Task<void> Relay::run_upstream([[maybe_unused]] std::shared_ptr<Relay> self, Port& port) {
  ConnectOutcome outcome = co_await connect(port);
  port.opening = false;
  if (phase_ != Phase::Running || port.dropped) co_return;
  NoUpstream why = why_not(outcome);
  Error error = std::move(outcome.error);
  if (outcome.stream) {
    port.stream = std::move(outcome.stream);
    error.what.clear();
    if (port.route.tls) {
      Agreement agreement = co_await agree_with_upstream(port);
      if (phase_ != Phase::Running || port.dropped) co_return;
      error.what = std::move(agreement.failed);
      why = agreement.why;
    }
  }
  upstream_ready(port, error, why);
  if (error.what.empty()) co_await pump(port);
}

/// Tells the forwarder how the attempt ended; an error without words is none.
void Relay::upstream_ready(Port& port, const Error& error, NoUpstream why) {
  tape_.set_time(wall_clock_now());
  active_at_ = home_.ticks();
  if (error.what.empty()) {
    forwarder_->upstream_opened(port.number, *this);
  } else {
    because("upstream not reached");
    if (port.stream) port.stream->close();
    forwarder_->upstream_failed(port.number, error, why, *this);
  }
  after_event();
  if (!error.what.empty()) return;
  if (port.has_backlog()) {
    send(port, {});
  } else if (port.finish_after) {
    finish(port);
  }
}

Task<void> Relay::pump(Port& port) {
  port.pumping = true;
  for (;;) {
    if (port.securing) {
      co_await secure(port);
      continue;
    }
    if (must_wait(port)) co_await until_may_read(port);
    if (port.securing) continue;
    if (is_over(port)) break;
    auto [closed] = co_await port.stream->readable();
    if (port.securing) continue;
    if (closed || is_over(port)) break;
    if (must_wait(port)) continue;  // the wait was long: there may be no room for it now
    const IoResult got = port.stream->try_read(home_.read_buffer());
    active_at_ = home_.ticks();
    switch (got.status) {
      case IoResult::Status::NotNow: break;
      case IoResult::Status::Done: received(port, {home_.read_buffer().data(), got.size}); break;
      case IoResult::Status::Finished:
        port.fin_seen = true;
        received(port, {});
        break;
      case IoResult::Status::Broken: broke(port, got.error); break;
    }
  }
  port.pumping = false;
}

bool Relay::is_over(const Port& port) const {
  if (phase_ == Phase::Closed || !port.stream || !port.stream->is_open() || port.fin_seen) {
    return true;
  }
  return phase_ == Phase::Closing && &port != &client_;
}

bool Relay::must_wait(const Port& port) const {
  return phase_ == Phase::Running &&
         (port.blocked || port.broken || backlog_against(port) || home_.outbox().must_stall());
}

Task<void> Relay::until_may_read(Port& port) {
  while (must_wait(port) && !is_over(port) && !port.securing) {
    if (port.broken) {
      broke(port, port.broken);
    } else if (home_.outbox().must_stall()) {
      co_await home_.room();
      active_at_ = home_.ticks();  // the silence was ours
    } else {
      co_await wake_.async_wait(asio::as_tuple(use_task));
    }
  }
}

/// Bytes of this port could only pile up on the other side.
bool Relay::backlog_against(const Port& port) const {
  if (&port != &client_) return client_.has_backlog();
  for (const std::unique_ptr<Port>& upstream : upstreams_) {
    if (upstream->has_backlog()) return true;
  }
  return false;
}

void Relay::received(Port& port, ByteView bytes) {
  if (phase_ != Phase::Running) {  // lingering: the reply is out, the rest is of no use
    if (port.fin_seen) shut();
    return;
  }
  if (port.fin_seen) because(&port == &client_ ? "client closed" : "upstream closed");
  tape_.set_time(wall_clock_now());
  deliver(port, bytes);
  after_event();
}

void Relay::deliver(Port& port, ByteView bytes) {
  ByteView view = bytes;
  const bool joined = !port.unread.empty();
  if (joined) view = port.unread += bytes;
  const Taken taken = &port == &client_
                          ? forwarder_->client_bytes(view, port.fin_seen, *this)
                          : forwarder_->upstream_bytes(port.number, view, port.fin_seen, *this);
  port.blocked = taken.blocked;
  if (joined) {
    port.unread.erase(0, taken.size);
    if (port.unread.empty()) port.unread.shrink_to_fit();
  } else if (taken.size < bytes.size()) {
    port.unread = bytes.substr(taken.size);
  }
}

/// What one forwarder did not take is for the next: a stream that ended is told so once more. True:
/// there was a next.
bool Relay::change_hands() {
  const bool changes = next_forwarder_ != nullptr;
  while (next_forwarder_ && phase_ == Phase::Running) {
    forwarder_ = std::move(next_forwarder_);
    expect(Wait::None);
    const auto offer = [](Port& port) {
      if (!port.dropped && (port.fin_seen || !port.unread.empty())) port.blocked = true;
    };
    offer(client_);
    for (const std::unique_ptr<Port>& upstream : upstreams_)
      offer(*upstream);
    forwarder_->start(*this);
  }
  return changes;
}

/// Whatever happened on one port may be what another one waits for.
void Relay::after_event() {
  change_hands();
  deliver_blocked();
  count_kept();
  home_.rows_changed();
}

void Relay::count_kept() {
  std::size_t now = client_.kept_bytes();
  for (const std::unique_ptr<Port>& upstream : upstreams_)
    now += upstream->kept_bytes();
  home_.keeps(std::exchange(kept_bytes_, now), now);
}

void Relay::deliver_blocked() {
  bool progress = true;
  while (progress && phase_ == Phase::Running) {
    progress = deliver_again(client_);
    for (std::size_t i = 0; i < upstreams_.size(); ++i) {
      if (phase_ == Phase::Running) progress |= deliver_again(*upstreams_[i]);
    }
  }
}

bool Relay::deliver_again(Port& port) {
  if (!port.blocked || port.securing) return false;
  const std::size_t before = port.unread.size();
  deliver(port, {});
  if (change_hands()) return true;
  if (!port.blocked) wake();
  return !port.blocked || port.unread.size() != before;
}

void Relay::broke(Port& port, const ErrorCode& error) {
  const bool client = &port == &client_;
  port.fin_seen = true;
  if (port.stream) port.stream->close();
  if (port.dropped) return;
  if (phase_ != Phase::Running) return shut();
  because(client ? "client reset" : "upstream reset");
  tape_.set_time(wall_clock_now());
  const Error cause(client ? ErrorSource::Client : ErrorSource::Upstream, "", error.message());
  if (client) {
    forwarder_->client_lost(cause, *this);
  } else {
    forwarder_->upstream_lost(port.number, cause, *this);
  }
  after_event();
}

void Relay::tick() {
  using std::chrono::milliseconds;
  const RelayLimits& limits = home_.options().limits;
  const auto lasted = [this](std::uint32_t since) { return kTick * (home_.ticks() - since); };
  if (phase_ == Phase::Closing) {
    const milliseconds patience = client_.has_backlog() ? limits.flush : kLinger;
    if (lasted(closing_since_) > patience) shut();
    return;
  }
  if (phase_ != Phase::Running) return;
  if (home_.outbox().must_stall() && wait_ != Wait::None) {
    ++wait_since_;  // nothing is read: the silence is ours, however long the disk takes
    active_at_ = home_.ticks();
    return;
  }
  if (wait_ == Wait::None) {
    if (stopping_ && !is_due()) end_when_flushed();
    return;
  }
  if (wait_ == Wait::Reply && client_.has_backlog()) return;  // the client does not read
  // A reply must not fall silent; all else must be whole in time however it trickles in.
  const std::uint32_t since =
      wait_ == Wait::Reply ? std::max(wait_since_, active_at_) : wait_since_;
  if (lasted(since) <= patience_for(wait_, limits)) return;
  if (wait_ != Wait::FirstBytes)
    because(wait_ == Wait::Head ? "client timed out" : "upstream timed out");
  tape_.set_time(wall_clock_now());
  const Wait wait = std::exchange(wait_, Wait::None);
  forwarder_->timed_out(wait, *this);
  after_event();
}

void Relay::begin_stop() {
  stopping_ = true;
  if (phase_ == Phase::Closing) return shut();
  if (!is_due()) end_when_flushed();
}

/// Something will come of it without the client: a stop lets it.
bool Relay::is_due() const {
  return wait_ != Wait::None || std::ranges::any_of(upstreams_, [](const auto& upstream) {
           return upstream->opening && !upstream->dropped;
         });
}

void Relay::end_when_flushed() {
  if (phase_ != Phase::Running) return;
  because("stopped");
  tape_.set_time(wall_clock_now());
  forwarder_->stop(*this);
  home_.rows_changed();
}

void Relay::end_now() {
  stopping_ = true;
  end_when_flushed();
  shut();  // its time is up: a client that does not read would hold the program
}

}  // namespace understudy
