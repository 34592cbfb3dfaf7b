// Connections that transparent rules made to upstreams, by our end's address: a firewall that
// redirects these too, and not just the clients', would have us record ourselves for ever. Safe
// from any thread.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>

namespace understudy {

class OwnConnections {
 public:
  /// `local`: "192.0.2.1:50947", our end.
  void add(const std::string& local);
  void remove(const std::string& local);
  /// A client with this address is ourselves.
  [[nodiscard]] bool has(const std::string& client) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_set<std::string> locals_;  ///< under mutex_
};

}  // namespace understudy
