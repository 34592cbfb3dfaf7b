#include "protocols/transport/listener.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <exception>
#include <utility>

namespace understudy {

namespace {

/// As long as the kernel allows: a burst of clients must not be refused.
constexpr int kBacklog = 4096;
/// Out of descriptors: try again after this, instead of spinning.
constexpr std::chrono::milliseconds kAcceptPause{20};
/// Connections taken before others on the same worker have their turn.
constexpr int kAcceptsAtOnce = 64;
/// Port 0 on localhost wants one port that is free on both loopbacks.
constexpr int kPortTries = 16;

const asio::ip::address_v4 kLoopback4 = asio::ip::address_v4::loopback();
const asio::ip::address_v6 kLoopback6 = asio::ip::address_v6::loopback();

Error cannot_listen(const Endpoint& at, const ErrorCode& error) {
  std::string what = "cannot listen: " + error.message();
  if (error == asio::error::address_in_use) {
    what = "the port is taken by another program: stop it or choose another port";
  } else if (error == asio::error::access_denied) {
    what = "not allowed to listen there: ports below 1024 need a privilege";
  } else if (error == boost::system::errc::address_not_available) {
    what = "this machine has no such address";
  }
  return {ErrorSource::Environment, to_string(at), std::move(what)};
}

bool lacks_ipv6(const ErrorCode& error) {
  return error == boost::system::errc::address_not_available ||
         error == asio::error::address_family_not_supported;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(WorkerPool& pool, const Endpoint& at) {
  std::unique_ptr<Listener> listener(new Listener(pool));
  Result<void> bound;
  if (at.host.empty() || at.host == "::" || at.host == "0.0.0.0") {
    bound = listener->bind_all(at);
  } else if (at.host == "localhost") {
    bound = listener->bind_localhost(at);
  } else {
    ErrorCode error;
    const asio::ip::address address = asio::ip::make_address(at.host, error);
    if (!error) error = listener->add({address, at.port}, true);
    if (error) bound = std::unexpected(cannot_listen(at, error));
  }
  if (!bound) return std::unexpected(bound.error());
  listener->port_ = listener->acceptors_.front()->local_endpoint().port();
  return listener;
}

Listener::~Listener() {
  stop();
}

ErrorCode Listener::add(const Tcp::endpoint& endpoint, bool v6_only) {
  auto acceptor = std::make_unique<Acceptor>(home_.executor());
  ErrorCode error;
  acceptor->open(endpoint.protocol(), error);
  if (error) return error;
  // A port in TIME_WAIT from the last run is ours to take again; a listening one is still refused.
  acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(v6_only), error);
  acceptor->bind(endpoint, error);
  if (error) return error;
  acceptor->listen(kBacklog, error);
  if (!error) acceptor->non_blocking(true, error);
  if (error) return error;
  acceptors_.push_back(std::move(acceptor));
  return {};
}

Result<void> Listener::bind_all(const Endpoint& at) {
  ErrorCode error = boost::system::errc::make_error_code(boost::system::errc::not_supported);
  if (at.host != "0.0.0.0") error = add({asio::ip::address_v6::any(), at.port}, false);
  const bool without_v6 = at.host == "0.0.0.0" || lacks_ipv6(error);
  if (without_v6) error = add({asio::ip::address_v4::any(), at.port}, true);
  if (error) return std::unexpected(cannot_listen(at, error));
  return {};
}

Result<void> Listener::bind_localhost(const Endpoint& at) {
  ErrorCode error;
  for (int tries = 0; tries < kPortTries; ++tries) {
    acceptors_.clear();
    error = add({kLoopback4, at.port}, true);
    if (error) break;
    const std::uint16_t port = acceptors_.front()->local_endpoint().port();
    error = add({kLoopback6, port}, true);
    if (!error || lacks_ipv6(error)) return {};
    if (at.port != 0) break;
  }
  acceptors_.clear();
  return std::unexpected(cannot_listen(at, error));
}

void Listener::start(OnConnection on_connection) {
  on_connection_ = std::make_shared<const OnConnection>(std::move(on_connection));
  loops_.emplace(static_cast<std::ptrdiff_t>(acceptors_.size()));
  for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) {
    asio::co_spawn(home_.executor(), accept_loop(*acceptor),
                   [this](const std::exception_ptr&) { loops_->count_down(); });
  }
}

void Listener::stop() {
  if (acceptors_.empty()) return;
  if (loops_ && !home_.context().stopped()) {
    asio::post(home_.executor(), [this] {
      for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) {
        ErrorCode ignored;
        acceptor->close(ignored);
      }
    });
    loops_->wait();
  }
  acceptors_.clear();
}

Task<void> Listener::accept_loop(Acceptor& acceptor) {
  Timer pause(home_.executor());
  while (acceptor.is_open()) {
    auto [closed] = co_await acceptor.async_wait(Acceptor::wait_read, asio::as_tuple(use_task));
    if (closed || !acceptor.is_open()) co_return;
    if (accept_some(acceptor.native_handle())) continue;
    ++failures_;
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::as_tuple(use_task));
  }
}

/// Hands what is waiting to the workers, in turn. False: accept() failed.
bool Listener::accept_some(int acceptor) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    Descriptor socket(::accept4(acceptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    // A client that left while it was queued (Linux reports its error here) is no failure of ours.
    const bool client_left = !socket && (errno == ECONNABORTED || errno == EINTR);
    if (client_left) continue;
    if (!socket) return errno == EAGAIN || errno == EWOULDBLOCK;
    Worker& worker = pool_.next();
    asio::post(worker.executor(),
               [handler = on_connection_, &worker, accepted = std::move(socket)]() mutable {
                 (*handler)(worker, Stream(worker.executor(), std::move(accepted)));
               });
  }
  return true;
}

std::string Listener::address() const {
  const Tcp::endpoint endpoint = acceptors_.front()->local_endpoint();
  const bool any = endpoint.address().is_unspecified();
  return any ? "127.0.0.1:" + std::to_string(port_) : address_text(endpoint);
}

bool Listener::is_public() const {
  return !acceptors_.front()->local_endpoint().address().is_loopback();
}

}  // namespace understudy
