#include "replayer/virtual_service.h"

#include "replayer/connection.h"
#include "replayer/tls_front.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace understudy {

void ReplayFloor::report_escape(const std::string& what) {
  spdlog::error("replay a connection ended by an exception: {}", what);
}

VirtualService::VirtualService(ForwardRule rule, std::unique_ptr<Listener> listener,
                               std::unique_ptr<Repertoire> repertoire,
                               std::unique_ptr<TlsDoor> door, ReplayFloor& floor)
    : listener_(std::move(listener)),
      repertoire_(std::move(repertoire)),
      door_(std::move(door)),
      upstream_(std::move(rule.upstream.host)),
      floor_(floor) {
  listening_.name = std::move(rule.name);
  listening_.scheme = std::move(rule.client_scheme);
  listening_.address = listener_->address();
  listening_.is_public = listener_->is_public();
  listening_.is_proxy = rule.proxy && !rule.proxy->by_host;
}

void VirtualService::start() {
  listener_->start([this](Worker& worker, Stream stream) { take(worker, std::move(stream)); });
}

void VirtualService::take(Worker& worker, Stream stream) {
  WorkerDesk& desk = *floor_.desks[worker.index()];
  if (desk.stopping()) return;
  if (floor_.connections.fetch_add(1) >= floor_.max_connections) {
    --floor_.connections;
    if (floor_.refused.fetch_add(1) == 0) {
      spdlog::warn("replay service={} more than {} connections: the newest are closed at once",
                   listening_.name, floor_.max_connections);
    }
    return;
  }
  floor_.tasks.spawn(worker.executor(), serve(desk, std::move(stream)));
}

Task<void> VirtualService::serve(WorkerDesk& desk, Stream stream) {
  ConversationPlace place(desk.journal(), desk.scratch(), listening_.address,
                          ++floor_.last_session);
  place.is_public = listening_.is_public;
  {
    Connection connection(desk, std::move(stream), converse(place), door_.get(), place.session);
    co_await connection.run();
  }
  --floor_.connections;
}

std::unique_ptr<Conversation> VirtualService::converse(const ConversationPlace& place) {
  if (!door_ || repertoire_->meets_tls()) return repertoire_->converse(place);
  return std::make_unique<TlsFront>(*repertoire_, place, upstream_);
}

}  // namespace understudy
