// What replay serves for one rule: a listener, and a conversation for each connection.
#pragma once

#include "protocols/core/rule.h"
#include "protocols/transport/listener.h"
#include "protocols/transport/task_group.h"
#include "replayer/repertoire.h"
#include "replayer/tls_door.h"
#include "replayer/worker_desk.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

/// What all services of a replay share. Outlives them.
struct ReplayFloor {
  explicit ReplayFloor(std::size_t most) : max_connections(most) {}

  std::vector<std::unique_ptr<WorkerDesk>> desks;  ///< by worker
  TaskGroup tasks{[](const std::string& what) { report_escape(what); }};
  const std::size_t max_connections;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> last_session{0};

 private:
  static void report_escape(const std::string& what);
};

class VirtualService {
 public:
  /// `door`: for clients that speak TLS; null = they are not looked for.
  VirtualService(ForwardRule rule, std::unique_ptr<Listener> listener,
                 std::unique_ptr<Repertoire> repertoire, std::unique_ptr<TlsDoor> door,
                 ReplayFloor& floor);

  void start();
  /// Accepts nothing more. Not from a worker.
  void stop_accepting() { listener_->stop(); }

  [[nodiscard]] const ListeningRule& listening() const { return listening_; }
  [[nodiscard]] const Repertoire& repertoire() const { return *repertoire_; }
  /// TLS handshakes that came to nothing.
  [[nodiscard]] std::uint64_t failed_handshakes() const { return door_ ? door_->failures() : 0; }

 private:
  void take(Worker& worker, Stream stream);
  Task<void> serve(WorkerDesk& desk, Stream stream);
  [[nodiscard]] std::unique_ptr<Conversation> converse(const ConversationPlace& place);

  const std::unique_ptr<Listener> listener_;
  const std::unique_ptr<Repertoire> repertoire_;
  const std::unique_ptr<TlsDoor> door_;
  const std::string upstream_;  ///< the host that the service stands for; empty = many
  ReplayFloor& floor_;
  ListeningRule listening_;
};

}  // namespace understudy
