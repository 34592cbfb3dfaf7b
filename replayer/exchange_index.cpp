#include "replayer/exchange_index.h"

#include <algorithm>
#include <map>

namespace understudy {

std::uint64_t key_hash(ByteView key) {
  return std::hash<ByteView>{}(key);
}

void ExchangeIndex::add(Bytes key, Stub stub) {
  stub.key_hash = key_hash(key);
  groups_[std::move(key)].stubs.push_back(static_cast<std::uint32_t>(stubs_.size()));
  stubs_.push_back(std::move(stub));
}

void ExchangeIndex::seal() {
  for (auto& [key, group] : groups_)
    seal(group);
  std::ranges::sort(firsts_, {}, [this](std::uint32_t stub) { return stubs_[stub].id; });
}

void ExchangeIndex::seal(Group& group) {
  std::ranges::sort(group.stubs, {}, [this](std::uint32_t stub) { return stubs_[stub].id; });
  firsts_.push_back(group.stubs.front());
  std::map<ByteView, std::vector<std::uint32_t>> parts;
  for (const std::uint32_t stub : group.stubs)
    parts[stubs_[stub].condition].push_back(stub);
  if (parts.size() == 1 && parts.begin()->first.empty()) {
    group.fallback = add_track(std::move(group.stubs));
    group.stubs = {};
    return;
  }
  for (auto& [condition, stubs] : parts) {
    group.by_condition.emplace_back(condition, add_track(std::move(stubs)));
  }
  const auto& [first_condition, first_track] = group.by_condition.front();  // "" sorts first
  group.fallback = first_condition.empty() ? first_track : add_track(std::move(group.stubs));
  group.stubs = {};
}

std::int64_t ExchangeIndex::add_track(std::vector<std::uint32_t> stubs) {
  tracks_.push_back({std::move(stubs)});
  return static_cast<std::int64_t>(tracks_.size()) - 1;
}

std::int64_t ExchangeIndex::find(const MatchKey& key) const {
  const auto found = groups_.find(ByteView(key.key));
  if (found == groups_.end()) return -1;
  const Group& group = found->second;
  if (key.condition.empty() || group.by_condition.empty()) return group.fallback;
  const auto at = std::ranges::lower_bound(group.by_condition, ByteView(key.condition), {},
                                           &std::pair<ByteView, std::int64_t>::first);
  const bool same = at != group.by_condition.end() && at->first == key.condition;
  return same ? at->second : group.fallback;
}

AnswerCursors::AnswerCursors(const ExchangeIndex& index, AfterLast after_last)
    : index_(index),
      after_last_(after_last),
      taken_(index.tracks().size()),
      used_(index.stubs().size()) {}

AnswerCursors::Answer AnswerCursors::take(std::int64_t track) {
  const auto at = static_cast<std::size_t>(track);
  const std::vector<std::uint32_t>& stubs = index_.tracks()[at].stubs;
  const std::size_t count = stubs.size();
  std::atomic<std::uint64_t>& taken = taken_[at];
  // Once all answers are out, sticking writes nothing: no cache line travels between the workers.
  const bool used_up = taken.load(std::memory_order_relaxed) >= count;
  if (used_up && after_last_ == AfterLast::Miss) return {};
  if (used_up && after_last_ == AfterLast::Stick) {
    return {&index_.stubs()[stubs.back()], Outcome::Exhausted};
  }
  const std::uint64_t turn = taken.fetch_add(1, std::memory_order_relaxed);
  if (turn < count) {
    const std::uint32_t stub = stubs[turn];
    used_[stub].store(true, std::memory_order_relaxed);
    return {&index_.stubs()[stub], Outcome::Exact};
  }
  if (after_last_ == AfterLast::Miss) return {};
  const std::size_t again = after_last_ == AfterLast::Stick ? count - 1 : turn % count;
  // Answers may be on more than one track: one that only this track repeats was used through it.
  used_[stubs[again]].store(true, std::memory_order_relaxed);
  return {&index_.stubs()[stubs[again]], Outcome::Exhausted};
}

std::vector<std::uint32_t> AnswerCursors::unused() const {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t stub = 0; stub < used_.size(); ++stub) {
    if (!used_[stub].load(std::memory_order_relaxed)) positions.push_back(stub);
  }
  return positions;
}

}  // namespace understudy
