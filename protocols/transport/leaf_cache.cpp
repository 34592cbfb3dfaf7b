#include "protocols/transport/leaf_cache.h"

namespace understudy {

std::shared_ptr<LeafCache::Entry> LeafCache::entry(const std::string& key) {
  const std::lock_guard guard(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return order_.front().second;
  }
  if (entries_.size() >= capacity_) {
    entries_.erase(order_.back().first);
    order_.pop_back();
  }
  order_.emplace_front(key, std::make_shared<Entry>());
  entries_.emplace(key, order_.begin());
  return order_.front().second;
}

Result<SharedCertifiedKey> LeafCache::get(const std::string& key, std::chrono::sys_seconds now,
                                          const std::function<Result<FreshLeaf>()>& make) {
  const std::shared_ptr<Entry> kept = entry(key);
  const std::lock_guard guard(kept->mutex);
  if (!kept->made.leaf || kept->made.renew_at <= now) {
    Result<FreshLeaf> fresh = make();
    if (!fresh) return std::unexpected(fresh.error());
    kept->made = std::move(*fresh);
  }
  return kept->made.leaf;
}

std::size_t LeafCache::size() const {
  const std::lock_guard guard(mutex_);
  return entries_.size();
}

}  // namespace understudy
