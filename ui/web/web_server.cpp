#include "ui/web/web_server.h"

#include "protocols/transport/listener.h"
#include "protocols/transport/task_group.h"
#include "protocols/transport/worker_pool.h"
#include "ui/web/web_connection.h"
#include "ui/web/web_routes.h"

#include <spdlog/spdlog.h>
#include <optional>
#include <utility>

namespace understudy {

class WebServer::State {
 public:
  ~State() { stop(); }

  Result<void> open(const Endpoint& at);
  [[nodiscard]] std::string url() const { return "http://" + listener_->address() + "/"; }
  void start(InfoSource info);
  void stop();

 private:
  void take(Worker& worker, Stream stream);

  WorkerPool pool_{1};
  TaskGroup tasks_{[](const std::string& what) {
    spdlog::error("web a connection ended by a mistake of ours: {}", what);
  }};
  std::unique_ptr<Listener> listener_;
  std::optional<WebRoutes> routes_;
  WebConnections connections_;  ///< used on the pool's one thread
  bool stopped_ = false;
};

Result<void> WebServer::State::open(const Endpoint& at) {
  pool_.start();
  Result<std::unique_ptr<Listener>> listener = Listener::open(pool_, at);
  if (!listener) return std::unexpected(listener.error());
  listener_ = std::move(*listener);
  return {};
}

void WebServer::State::start(InfoSource info) {
  routes_.emplace(std::move(info), listener_->port());
  listener_->start([this](Worker& worker, Stream stream) { take(worker, std::move(stream)); });
}

void WebServer::State::take(Worker& worker, Stream stream) {
  if (connections_.size() >= kMaxWebConnections) {
    stream.close();
    return;
  }
  tasks_.spawn(worker.executor(),
               serve_web_connection(stream.release_socket(), *routes_, connections_));
}

void WebServer::State::stop() {
  if (std::exchange(stopped_, true)) return;
  if (listener_) listener_->stop();
  if (routes_) {
    pool_.on_each([this](Worker&) { connections_.close_all(); });
    // Deadlines end each connection anyway; closed sockets end them now.
    if (!tasks_.wait(kWebPatience))
      spdlog::error("web {} connections did not end", tasks_.running());
  }
  pool_.stop();
}

WebServer::WebServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
WebServer::~WebServer() = default;

Result<std::unique_ptr<WebServer>> WebServer::open(const Endpoint& at) {
  auto state = std::make_unique<State>();
  if (Result<void> opened = state->open(at); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<WebServer>(new WebServer(std::move(state)));
}

std::string WebServer::url() const {
  return state_->url();
}
void WebServer::start(InfoSource info) {
  state_->start(std::move(info));
}
void WebServer::stop() {
  state_->stop();
}

}  // namespace understudy
