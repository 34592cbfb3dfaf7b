// Hosts whose clients did not take our certificate: a client that pins the real one is passed on
// unread next time, where the user wants that. Safe from any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_set>

namespace understudy {

class RejectedHosts {
 public:
  /// Host names come from clients: no more than this many are remembered, the later ones not.
  static constexpr std::size_t kMaxHosts = 4096;

  void add(const std::string& host);
  [[nodiscard]] bool has(const std::string& host) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_set<std::string> hosts_;  ///< under mutex_
};

}  // namespace understudy
