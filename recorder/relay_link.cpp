// The Link side of the relay: what a forwarder asks for, carried out.
#include "protocols/transport/task_group.h"
#include "recorder/relay.h"

namespace understudy {

UpstreamNo Relay::open(const Route& route) {
  auto port = std::make_unique<Port>();
  port->number = static_cast<UpstreamNo>(upstreams_.size() + 1);
  upstreams_.push_back(std::move(port));
  Port& opened = *upstreams_.back();
  opened.opening = true;
  opened.route = route;
  home_.tasks().spawn(home_.executor(), run_upstream(shared_from_this(), opened));
  return opened.number;
}

void Relay::close_upstream(UpstreamNo number) {
  Port& port = upstream(number);
  port.dropped = true;
  port.blocked = false;
  port.unread = {};
  port.connecting.cancel();
  if (port.stream) port.stream->close();
  forget_own_end(port);
  wake();
}

void Relay::leads_to(UpstreamNo number, const std::string& place) {
  upstream(number).route.place = place;
  home_.outbox().batch().places.push_back({session_, number, place});
}

void Relay::become(std::unique_ptr<Forwarder> next) {
  next_forwarder_ = std::move(next);
}

void Relay::send_client(std::span<const ByteView> pieces) {
  send(client_, pieces);
}

void Relay::send_upstream(UpstreamNo number, std::span<const ByteView> pieces) {
  send(upstream(number), pieces);
}

void Relay::send(Port& port, std::span<const ByteView> pieces) {
  if (phase_ == Phase::Closed || port.broken || port.finished) return;
  std::size_t sent = 0;
  const bool ready = port.stream && !port.securing;
  if (ready && !port.has_backlog()) {
    const IoResult result = port.stream->try_write(pieces);
    if (result.status == IoResult::Status::Broken) {
      port.broken = result.error;
      wake();  // its pump tells the forwarder, which must not be called from within itself
      return;
    }
    sent = result.size;
  }
  for (const ByteView piece : pieces) {
    if (sent >= piece.size()) {
      sent -= piece.size();
      continue;
    }
    port.backlog += piece.substr(sent);
    sent = 0;
  }
  if (!port.has_backlog() || port.flushing || !ready) return;
  port.flushing = true;
  home_.tasks().spawn(home_.executor(), flush(shared_from_this(), port));
}

Task<void> Relay::flush([[maybe_unused]] std::shared_ptr<Relay> self, Port& port) {
  while (port.has_backlog() && port.stream && port.stream->is_open()) {
    auto [closed] = co_await port.stream->writable();
    if (closed || !port.stream->is_open()) break;
    const ByteView rest = ByteView(port.backlog).substr(port.backlog_sent);
    const IoResult result = port.stream->try_write(std::span(&rest, 1));
    if (result.status == IoResult::Status::Broken) {
      port.broken = result.error;
      break;
    }
    port.backlog_sent += result.size;
    active_at_ = home_.ticks();
  }
  port.flushing = false;
  port.backlog.clear();
  port.backlog.shrink_to_fit();
  port.backlog_sent = 0;
  count_kept();
  if (port.finish_after) finish(port);
  wake();
  if (phase_ == Phase::Closing) close_when_flushed();
}

void Relay::finish_client() {
  finish(client_);
}

void Relay::finish_upstream(UpstreamNo number) {
  finish(upstream(number));
}

void Relay::finish(Port& port) {
  if (port.has_backlog() || !port.stream || port.securing) {
    port.finish_after = true;
    return;
  }
  if (port.finished || !port.stream->is_open()) return;
  port.finished = true;
  port.stream->finish_sending();
}

void Relay::close() {
  if (phase_ != Phase::Running) return;
  phase_ = Phase::Closing;
  closing_since_ = home_.ticks();
  close_when_flushed();
}

void Relay::close_when_flushed() {
  if (client_.has_backlog() && !client_.broken) return;
  for (const std::unique_ptr<Port>& upstream : upstreams_) {
    if (upstream->has_backlog() && !upstream->broken && upstream->flushing) return;
  }
  for (const std::unique_ptr<Port>& upstream : upstreams_) {
    if (upstream->stream) upstream->stream->close();
  }
  finish(client_);
  wake();
  if (client_.fin_seen || client_.broken || stopping_) shut();
}

void Relay::abort() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Closed;
  leave();
  if (client_.stream) client_.stream->reset();
  for (const std::unique_ptr<Port>& upstream : upstreams_) {
    upstream->connecting.cancel();
    if (upstream->stream) upstream->stream->reset();
  }
  wake();
}

void Relay::shut() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Closed;
  leave();
  if (client_.stream) client_.stream->close();
  for (const std::unique_ptr<Port>& upstream : upstreams_) {
    upstream->connecting.cancel();
    if (upstream->stream) upstream->stream->close();
  }
  wake();
}

void Relay::expect(Wait wait) {
  if (wait == wait_) return;
  wait_ = wait;
  wait_since_ = home_.ticks();
}

void Relay::because(std::string_view reason) {
  if (end_reason_.empty()) end_reason_ = reason;
}

}  // namespace understudy
