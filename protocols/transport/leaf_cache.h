// Certificates that were made, by what they are for. Bounded: the one used longest ago goes. Safe
// from any thread.
//
// Two levels of locks: one mutex for the table, held for a look-up, and one for each entry, held
// while its certificate is made. Of many threads that want the same name one makes it and the
// others wait for less than the millisecond that making their own would take; threads with other
// names do not wait at all. So event loops may call this.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/certified_key.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace understudy {

struct FreshLeaf {
  SharedCertifiedKey leaf;
  std::chrono::sys_seconds renew_at;  ///< from then on it is made again
};

class LeafCache {
 public:
  /// `capacity` ≥ 1 entries.
  explicit LeafCache(std::size_t capacity) : capacity_(capacity) {}

  /// What is kept under `key`, else what `make` returns, called once however many threads ask. An
  /// error is not kept: each that waited then tries on its own. A leaf that is evicted lives on
  /// with whoever holds it.
  [[nodiscard]] Result<SharedCertifiedKey> get(const std::string& key, std::chrono::sys_seconds now,
                                               const std::function<Result<FreshLeaf>()>& make);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::mutex mutex;
    FreshLeaf made;  ///< by mutex; no leaf: not made
  };
  using Order = std::list<std::pair<std::string, std::shared_ptr<Entry>>>;

  std::shared_ptr<Entry> entry(const std::string& key);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  Order order_;                                               ///< by mutex_; the latest used first
  std::unordered_map<std::string, Order::iterator> entries_;  ///< by mutex_
};

}  // namespace understudy
