#include "recorder/own_connections.h"

namespace understudy {

void OwnConnections::add(const std::string& local) {
  const std::lock_guard lock(mutex_);
  locals_.insert(local);
}

void OwnConnections::remove(const std::string& local) {
  const std::lock_guard lock(mutex_);
  locals_.erase(local);
}

bool OwnConnections::has(const std::string& client) const {
  const std::lock_guard lock(mutex_);
  return locals_.contains(client);
}

}  // namespace understudy
