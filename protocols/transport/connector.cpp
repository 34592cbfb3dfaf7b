#include "protocols/transport/connector.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
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
  Timer watchdog(executor, deadline);
  bool expired = false;
  watchdog.async_wait([&resolver, &expired](ErrorCode error) {
    if (error) return;
    expired = true;
    resolver.cancel();
  });
  cancel.set_abort([&resolver] { resolver.cancel(); });
  const std::string port = std::to_string(destination.port);
  auto result = co_await resolver.async_resolve(
      destination.host, port, Resolver::flags::numeric_service, asio::as_tuple(use_task));
  cancel.set_abort({});
  found.error = expired ? ErrorCode(asio::error::timed_out) : std::get<0>(result);
  if (found.error) co_return found;
  for (const auto& entry : std::get<1>(result))
    found.list.push_back(entry.endpoint());
  co_return found;
}

/// One attempt; the socket is open and connected exactly when the result is success.
Task<ErrorCode> attempt(Socket& socket, Tcp::endpoint address, Clock::time_point deadline,
                        ConnectCancel& cancel) {
  ErrorCode error;
  socket.close(error);
  socket.open(address.protocol(), error);
  if (error) co_return error;
  Timer watchdog(socket.get_executor(), deadline);
  bool expired = false;
  watchdog.async_wait([&socket, &expired](ErrorCode cancelled) {
    if (cancelled) return;
    expired = true;
    ErrorCode ignored;
    socket.close(ignored);
  });
  cancel.set_abort([&socket] {
    ErrorCode ignored;
    socket.close(ignored);
  });
  auto [outcome] = co_await socket.async_connect(address, asio::as_tuple(use_task));
  cancel.set_abort({});
  co_return expired ? ErrorCode(asio::error::timed_out) : outcome;
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

}  // namespace

Task<ConnectOutcome> connect_to(Executor executor, Endpoint destination,
                                std::chrono::milliseconds timeout, ConnectCancel& cancel) {
  ConnectOutcome outcome;
  const Clock::time_point start = Clock::now();
  const Clock::time_point deadline = start + timeout;
  Addresses addresses = co_await resolve(executor, destination, deadline, cancel);
  outcome.resolve = since(start);
  const Clock::time_point resolved = Clock::now();

  ErrorCode error = addresses.error;
  if (!error && addresses.list.empty()) error = asio::error::host_not_found;
  const bool resolving = static_cast<bool>(error);
  const int rounds = addresses.list.size() > 1 ? 2 : 1;
  Socket socket(executor);
  for (int round = 1; round <= rounds && !outcome.stream; ++round) {
    for (const Tcp::endpoint& address : addresses.list) {
      if (cancel.cancelled()) break;
      const bool last_round = round == rounds;
      error = co_await attempt(socket, address,
                               last_round ? deadline : std::min(deadline, Clock::now() + kFirstTry),
                               cancel);
      if (error || cancel.cancelled()) continue;
      outcome.address = address_text(address);
      outcome.stream.emplace(std::move(socket));
      break;
    }
  }
  outcome.connect = since(resolved);
  if (!outcome.stream) {
    outcome.timed_out = error == asio::error::timed_out;
    outcome.error =
        Error(ErrorSource::Upstream, to_string(destination), reason(error, resolving, timeout));
  }
  co_return outcome;
}

}  // namespace understudy
