// TLS with the client and with upstreams: when it is agreed on, what is written of it, how it
// fails.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>

#include <utility>

#include "protocols/core/protocol.h"
#include "protocols/transport/task_group.h"
#include "protocols/transport/tls_facts.h"
#include "recorder/relay.h"

namespace understudy {

namespace {

/// "127.0.0.1" of "127.0.0.1:8443", "::1" of "[::1]:8443".
std::string host_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  if (address.starts_with('[')) return address.substr(1, colon - 2);
  return address.substr(0, colon);
}

}  // namespace

ByteView Relay::authority_pem() const {
  return home_.options().authority_pem;
}

void Relay::secure_client(std::string fallback) {
  fallback_name_ = std::move(fallback);
  begin_securing(client_);
}

void Relay::secure_upstream(UpstreamNo number, const Route& route) {
  Port& port = upstream(number);
  port.route = route;
  begin_securing(port);
}

/// Leaves it to the port's pump, or to one of its own where that has ended.
void Relay::begin_securing(Port& port) {
  port.securing = true;
  if (!port.pumping) {
    home_.tasks().spawn(home_.executor(), secure_alone(shared_from_this(), port));
    return;
  }
  if (port.stream) port.stream->watch().cancel(Watch::For::Read);
  wake();
}

Task<void> Relay::secure_alone([[maybe_unused]] std::shared_ptr<Relay> self, Port& port) {
  co_await secure(port);
}

Task<void> Relay::secure(Port& port) {
  // What was sent plain leaves plain.
  while (port.has_backlog() && !port.broken && port.stream->is_open()) {
    co_await wake_.async_wait(asio::as_tuple(use_task));
  }
  if (&port == &client_) {
    co_await secure_with_client();
  } else {
    co_await secure_with_upstream(port);
  }
}

Task<void> Relay::secure_with_client() {
  const std::string failed = co_await agree_with_client();
  client_.securing = false;
  if (phase_ != Phase::Running) co_return;
  tape_.set_time(wall_clock_now());
  if (failed.empty()) {
    forwarder_->client_secured(client_tls_, *this);
  } else {
    because("client TLS failed");
    client_.fin_seen = true;
    forwarder_->client_lost(Error(ErrorSource::Client, "", failed), *this);
  }
  after_event();
}

Task<void> Relay::secure_with_upstream(Port& port) {
  Error error(ErrorSource::Upstream, to_string(port.route.destination), "");
  Agreement agreement = co_await agree_with_upstream(port);
  port.securing = false;
  if (phase_ != Phase::Running || port.dropped) co_return;
  error.what = std::move(agreement.failed);
  if (!error.what.empty()) port.fin_seen = true;
  upstream_ready(port, error, agreement.why);
}

/// Of a rule that is TLS from the first byte on. False: the session ends.
Task<bool> Relay::agree_at_start() {
  client_.securing = true;
  const std::string failed = co_await agree_with_client();
  client_.securing = false;
  if (phase_ != Phase::Running) co_return false;
  tape_.set_time(wall_clock_now());
  if (failed.empty()) {
    forwarder_->client_secured(client_tls_, *this);
    co_return true;
  }
  because("client TLS failed");
  tape_.session_note("no TLS with the client: " + failed);
  close();
  co_return false;
}

/// Why there is no TLS with the client; empty = there is.
Task<std::string> Relay::agree_with_client() {
  const Timestamp began = wall_clock_now();
  Bytes already_read = std::exchange(client_.unread, {});
  std::vector<std::string> names = own_names();
  SslHandle ssl = rule_.tls.server->connection(std::move(names));
  HandshakeOutcome outcome = co_await tls_handshake(
      *client_.stream, std::move(ssl), home_.options().limits.handshake, std::move(already_read));
  active_at_ = home_.ticks();
  tell_agreed(client_, began, outcome.why);
  if (outcome.not_tls && phase_ == Phase::Running) refuse_plain(outcome.strays);
  co_return std::move(outcome.why);
}

/// What the client may know us by where it names no server: it connected to an address.
std::vector<std::string> Relay::own_names() const {
  std::vector<std::string> names;
  if (!fallback_name_.empty()) {
    names.push_back(fallback_name_);
  } else if (!rule().upstream.host.empty()) {
    names.push_back(rule().upstream.host);
  }
  const std::string local = host_of(client_.stream->local_address());
  ErrorCode not_address;
  const asio::ip::address address = asio::ip::make_address(local, not_address);
  if (not_address) return names;
  names.push_back(local);
  if (address.is_loopback()) names.emplace_back("localhost");
  return names;
}

/// A client that speaks the protocol without its TLS is told so in its own words.
void Relay::refuse_plain(ByteView first) {
  const ByteView refusal = rule_.protocol->plain_refusal();
  if (refusal.empty() || rule_.protocol->guess(first) == Guess::No) return;
  client_.securing = false;
  send_client({&refusal, 1});
}

Task<Relay::Agreement> Relay::agree_with_upstream(Port& port) {
  Agreement agreement;
  port.securing = true;
  const Timestamp began = wall_clock_now();
  const Route& route = port.route;
  std::string name = route.server_name.empty() ? route.destination.host : route.server_name;
  std::vector<std::string> alpn;
  if (client_.stream && client_.stream->tls() != nullptr) {
    if (!client_tls_.alpn.empty()) alpn.push_back(client_tls_.alpn);
  } else {
    alpn.assign(rule_.protocol->alpn().begin(), rule_.protocol->alpn().end());
  }
  Result<SslHandle> ssl =
      rule_.tls.client->connection(name, to_string(route.destination), std::move(alpn));
  if (!ssl) {
    port.securing = false;
    agreement.failed = ssl.error().what;
    co_return agreement;
  }
  Bytes already_read = std::exchange(port.unread, {});
  HandshakeOutcome outcome = co_await tls_handshake(
      *port.stream, std::move(*ssl), home_.options().limits.handshake, std::move(already_read));
  port.securing = false;
  tell_agreed(port, began, outcome.why);
  if (!outcome.why.empty()) agreement.failed = "no TLS with it: " + outcome.why;
  if (outcome.timed_out) agreement.why = NoUpstream::TimedOut;
  co_return agreement;
}

void Relay::tell_agreed(const Port& port, Timestamp began, const std::string& error) {
  const bool client = &port == &client_;
  TlsAgreed row;
  row.session = session_;
  row.upstream = port.number;
  row.at = began;
  row.duration = wall_clock_now() - began;
  row.error = error;
  if (port.stream->tls() != nullptr) {
    TlsFacts facts = tls_facts(port.stream->tls()->ssl(), !client && rule().tls.verify);
    if (client) client_tls_ = {facts.server_name, facts.alpn};
    row.server_name = std::move(facts.server_name);
    row.peer_subject = std::move(facts.peer_subject);
    row.own_chain = std::move(facts.own_chain);
    row.peer_chain = std::move(facts.peer_chain);
    // Before it came there was nothing to judge.
    if (!client && !row.peer_chain.empty()) row.verified = std::move(facts.verified);
    if (error.empty()) {
      row.version = std::move(facts.version);
      row.cipher = std::move(facts.cipher);
      row.alpn = std::move(facts.alpn);
      row.resumed = facts.resumed;
    }
  }
  home_.outbox().batch().tls.push_back(std::move(row));
  home_.rows_changed();
}

}  // namespace understudy
