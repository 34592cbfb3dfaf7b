// Listening sockets of one rule: one, or two for "localhost".
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "protocols/transport/stream.h"
#include "protocols/transport/worker_pool.h"

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <vector>

namespace understudy {

class Listener {
 public:
  /// Runs on the thread of the worker that the connection was given to.
  using OnConnection = std::function<void(Worker&, Stream)>;

  /// Binds and listens; nothing is accepted before start(). `at` as Endpoint says: "" = all
  /// adapters (IPv6 and IPv4), "localhost" = 127.0.0.1 and, where this machine has it, ::1 on the
  /// same port. Errors (Environment): port taken, address not of this machine, privilege.
  static Result<std::unique_ptr<Listener>> open(WorkerPool& pool, const Endpoint& at);

  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Accepts from now on; connections go to the workers in turn. Call once.
  void start(OnConnection on_connection);
  /// Accepts nothing more and frees the port. Blocks until no acceptor is left; call from a thread
  /// that is no worker, before the pool stops. Safe to call again.
  void stop();

  /// Where a client on this machine connects: "127.0.0.1:8080" for all adapters and localhost.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Others than this machine can connect.
  [[nodiscard]] bool is_public() const;
  /// Times that accept() failed, for lack of descriptors most often.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

  explicit Listener(WorkerPool& pool) : pool_(pool), home_(pool.worker(0)) {}
  ErrorCode add(const Tcp::endpoint& endpoint, bool v6_only);
  Result<void> bind_all(const Endpoint& at);
  Result<void> bind_localhost(const Endpoint& at);
  Task<void> accept_loop(Acceptor& acceptor);
  bool accept_some(int acceptor);

  WorkerPool& pool_;
  Worker& home_;  ///< all acceptors live on this worker
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  /// Shared with connections that are on their way to a worker when the listener goes.
  std::shared_ptr<const OnConnection> on_connection_;
  std::optional<std::latch> loops_;  ///< counts down as the accept loops end
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace understudy
