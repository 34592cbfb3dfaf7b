#include "recorder/rejected_hosts.h"

namespace understudy {

void RejectedHosts::add(const std::string& host) {
  const std::lock_guard lock(mutex_);
  if (hosts_.size() < kMaxHosts) hosts_.insert(host);
}

bool RejectedHosts::has(const std::string& host) const {
  const std::lock_guard lock(mutex_);
  return hosts_.contains(host);
}

}  // namespace understudy
