#include "protocols/transport/connector.h"

#include "protocols/transport/deadline.h"
#include "protocols/transport/proxy_tunnel.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <cerrno>
#include <vector>

namespace understudy {

namespace {

using Clock = std::chrono::steady_clock;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

struct Addresses {
  std::vector<Tcp::endpoint> list;
  ErrorCode error;
  Addresses() = default;
};

Task<Addresses> resolve(Executor executor, Endpoint destination, Clock::time_point deadline,
                        ConnectCancel& cancel) {
  Addresses found;
  ErrorCode not_literal;
  const asio::ip::address literal = asio::ip::make_address(destination.host, not_literal);
  if (!not_literal) {
    found.list.emplace_back(literal, destination.port);
    co_return found;
  }
  Resolver resolver(executor);
  const Deadline limit(executor, deadline, [&resolver] { resolver.cancel(); });
  cancel.set_abort([&resolver] { resolver.cancel(); });
  const std::string port = std::to_string(destination.port);
  auto result = co_await resolver.async_resolve(
      destination.host, port, Resolver::flags::numeric_service, asio::as_tuple(use_task));
  cancel.set_abort({});
  found.error = limit.expired() ? ErrorCode(asio::error::timed_out) : std::get<0>(result);
  if (found.error) co_return found;
  for (const auto& entry : std::get<1>(result))
    found.list.push_back(entry.endpoint());
  co_return found;
}

/// A connect() that is under way, or why none can be.
std::optional<Stream> begin_connect(const Executor& executor, const Tcp::endpoint& address,
                                    ErrorCode& error) {
  Descriptor socket(::socket(address.protocol().family(),
                             SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const auto size = static_cast<socklen_t>(address.size());
  if (!socket || (::connect(socket.get(), address.data(), size) != 0 && errno != EINPROGRESS)) {
    error = ErrorCode(errno, boost::system::system_category());
    return std::nullopt;
  }
  return Stream(executor, std::move(socket));
}

struct Attempt {
  std::optional<Stream> stream;  ///< nothing = failed, and `error` says why
  ErrorCode error;
  Attempt() = default;
};

Task<Attempt> attempt(Executor executor, Tcp::endpoint address, Clock::time_point deadline,
                      ConnectCancel& cancel) {
  Attempt made;
  std::optional<Stream> stream = begin_connect(executor, address, made.error);
  if (!stream) co_return made;
  const Deadline limit(executor, deadline, [&stream] { stream->close(); });
  cancel.set_abort([&stream] { stream->close(); });
  auto [closed] = co_await stream->writable();
  cancel.set_abort({});
  made.error = limit.expired() ? ErrorCode(asio::error::timed_out) : closed;
  if (!made.error) made.error = stream->connect_error();
  if (!made.error) made.stream = std::move(stream);
  co_return made;
}

Duration since(Clock::time_point start) {
  return std::chrono::duration_cast<Duration>(Clock::now() - start);
}

std::string reason(const ErrorCode& error, bool resolving, std::chrono::milliseconds timeout) {
  if (error == asio::error::timed_out) {
    return "no answer within " + std::to_string(timeout.count()) + " ms";
  }
  if (resolving) return "the host name cannot be resolved: " + error.message();
  if (error == asio::error::connection_refused) return "connection refused: nothing listens there";
  return error.message();
}

/// Every address of `to` in turn.
Task<ConnectOutcome> reach(Executor executor, Endpoint to, std::chrono::milliseconds timeout,
                           Clock::time_point deadline, ConnectCancel& cancel) {
  ConnectOutcome outcome;
  const Clock::time_point start = Clock::now();
  Addresses addresses = co_await resolve(executor, to, deadline, cancel);
  outcome.resolve = since(start);
  const Clock::time_point resolved = Clock::now();

  ErrorCode error = addresses.error;
  if (!error && addresses.list.empty()) error = asio::error::host_not_found;
  const bool resolving = static_cast<bool>(error);
  const int rounds = addresses.list.size() > 1 ? 2 : 1;
  for (int round = 1; round <= rounds && !outcome.stream; ++round) {
    for (const Tcp::endpoint& address : addresses.list) {
      if (cancel.cancelled()) break;
      const bool last_round = round == rounds;
      const Clock::time_point until =
          last_round ? deadline : std::min(deadline, Clock::now() + kFirstTry);
      Attempt made = co_await attempt(executor, address, until, cancel);
      error = made.error;
      if (error || cancel.cancelled()) continue;
      outcome.address = address_text(address);
      outcome.stream = std::move(made.stream);
      break;
    }
  }
  outcome.connect = since(resolved);
  if (!outcome.stream) {
    outcome.timed_out = error == asio::error::timed_out;
    outcome.error = Error(ErrorSource::Upstream, to_string(to), reason(error, resolving, timeout));
  }
  co_return outcome;
}

/// The sentence for a user who may not remember that there is a proxy.
std::string of_proxy(const UpstreamProxy& proxy, const std::string& what) {
  return "the upstream proxy " + to_string(proxy.at) + " " + what;
}

}  // namespace

Task<ConnectOutcome> connect_to(Executor executor, Endpoint destination,
                                std::chrono::milliseconds timeout, ConnectCancel& cancel,
                                const UpstreamProxy* via) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const bool through = via != nullptr && !goes_direct(*via, destination);
  Endpoint first = through ? via->at : destination;
  ConnectOutcome outcome = co_await reach(executor, std::move(first), timeout, deadline, cancel);
  if (!through) co_return outcome;
  const std::string where = to_string(destination);
  if (!outcome.stream) {
    outcome.error = Error(ErrorSource::Upstream, where,
                          of_proxy(*via, "cannot be reached: " + outcome.error.what));
    co_return outcome;
  }
  const Clock::time_point connected = Clock::now();
  TunnelOutcome tunnel =
      co_await open_tunnel(*outcome.stream, *via, std::move(destination), deadline, cancel);
  outcome.connect += since(connected);
  if (tunnel.why.empty() && !cancel.cancelled()) co_return outcome;
  outcome.stream.reset();
  outcome.timed_out = tunnel.timed_out;
  if (tunnel.timed_out) tunnel.why = fmt::format("did not answer within {} ms", timeout.count());
  outcome.error = Error(ErrorSource::Upstream, where, of_proxy(*via, tunnel.why));
  co_return outcome;
}

}  // namespace understudy
