#include "replayer/script_pool.h"

#include <utility>

namespace understudy {

ScriptPool::ScriptPool(std::vector<StreamScript> scripts, AfterLast after_last)
    : scripts_(std::move(scripts)), after_last_(after_last), uses_(scripts_.size()) {
  for (std::size_t i = 0; i < scripts_.size(); ++i)
    uses_[i].turns.resize(scripts_[i].turns.size());
}

std::optional<std::size_t> ScriptPool::after_last(const Fits& fits) const {
  if (after_last_ == AfterLast::Miss) return std::nullopt;
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < scripts_.size(); ++i) {
    if (!fits(scripts_[i])) continue;
    // Stick: the last that fits. Loop: the one claimed least, the first of those.
    const bool takes =
        !chosen || after_last_ == AfterLast::Stick || uses_[i].claims < uses_[*chosen].claims;
    if (takes) chosen = i;
  }
  return chosen;
}

std::optional<ScriptPool::Pick> ScriptPool::pencil() {
  const std::lock_guard lock(mutex_);
  std::optional<std::size_t> chosen;
  for (std::size_t i = first_free_; i < scripts_.size(); ++i) {
    if (uses_[i].claims != 0) continue;
    if (!chosen) chosen = i;
    if (uses_[i].pencilled != 0) continue;
    chosen = i;
    break;
  }
  const bool again = !chosen;
  if (!chosen) chosen = after_last([](const StreamScript&) { return true; });
  if (!chosen) return std::nullopt;
  ++uses_[*chosen].pencilled;
  return Pick{*chosen, again};
}

void ScriptPool::erase(std::size_t script) {
  const std::lock_guard lock(mutex_);
  --uses_[script].pencilled;
}

std::optional<ScriptPool::Pick> ScriptPool::claim(const Fits& fits,
                                                  std::optional<std::size_t> pencilled) {
  const std::lock_guard lock(mutex_);
  std::optional<std::size_t> chosen;
  if (pencilled && uses_[*pencilled].claims == 0 && fits(scripts_[*pencilled])) {
    chosen = pencilled;
  }
  for (std::size_t i = first_free_; !chosen && i < scripts_.size(); ++i) {
    if (uses_[i].claims == 0 && fits(scripts_[i])) chosen = i;
  }
  const bool again = !chosen;
  if (!chosen) chosen = after_last(fits);
  if (!chosen) return std::nullopt;
  if (pencilled) --uses_[*pencilled].pencilled;
  ++uses_[*chosen].claims;
  while (first_free_ < uses_.size() && uses_[first_free_].claims != 0)
    ++first_free_;
  return Pick{*chosen, again};
}

void ScriptPool::unclaim(std::size_t script) {
  const std::lock_guard lock(mutex_);
  if (--uses_[script].claims == 0 && script < first_free_) first_free_ = script;
}

void ScriptPool::use(std::size_t script, std::size_t turn, int times) {
  const std::lock_guard lock(mutex_);
  uses_[script].turns[turn] += times;
}

std::vector<std::pair<std::size_t, std::size_t>> ScriptPool::unused() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::size_t, std::size_t>> list;
  for (std::size_t script = 0; script < uses_.size(); ++script) {
    for (std::size_t turn = 0; turn < uses_[script].turns.size(); ++turn) {
      if (uses_[script].turns[turn] == 0) list.emplace_back(script, turn);
    }
  }
  return list;
}

}  // namespace understudy
