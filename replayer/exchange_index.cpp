#include "replayer/exchange_index.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace understudy {

void ExchangeIndex::add(ByteView key, Stub stub) {
  key_of_.push_back(keys_.add(key, key_hash(key)));
  stubs_.push_back(std::move(stub));
}

void ExchangeIndex::seal() {
  std::vector<std::uint32_t> order(stubs_.size());  // by key, then by row id
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::ranges::sort(order, {}, [this](std::uint32_t stub) {
    return std::tuple(key_of_[stub], stubs_[stub].id, stub);
  });
  tracks_.resize(keys_.size());
  firsts_.reserve(keys_.size());
  for (auto begin = order.begin(); begin != order.end();) {
    const std::uint32_t number = key_of_[*begin];
    const auto end = std::find_if(begin, order.end(),
                                  [&](std::uint32_t stub) { return key_of_[stub] != number; });
    seal_key(number, Positions(begin, end));
    begin = end;
  }
  std::ranges::sort(firsts_, {}, [this](std::uint32_t stub) { return stubs_[stub].id; });
  key_of_ = {};
}

void ExchangeIndex::seal_key(std::uint32_t number, Positions stubs) {
  firsts_.push_back(stubs.front());
  const auto is_plain = [this](std::uint32_t stub) { return stubs_[stub].condition.empty(); };
  if (std::ranges::all_of(stubs, is_plain)) {
    tracks_[number] = make_track(stubs);
    return;
  }
  std::map<ByteView, std::vector<std::uint32_t>> parts;
  for (const std::uint32_t stub : stubs)
    parts[stubs_[stub].condition].push_back(stub);
  const auto plain = parts.find(ByteView());
  tracks_[number] = make_track(plain == parts.end() ? stubs : Positions(plain->second));
  for (const auto& [condition, its_stubs] : parts) {
    if (condition.empty()) continue;
    conditions_[number].emplace_back(condition, static_cast<std::int64_t>(tracks_.size()));
    tracks_.push_back(make_track(its_stubs));
  }
}

ExchangeIndex::Track ExchangeIndex::make_track(Positions stubs) {
  const auto count = static_cast<std::uint32_t>(stubs.size());
  if (count == 1) return {stubs.front(), count};
  const auto begin = static_cast<std::uint32_t>(answers_.size());
  answers_.insert(answers_.end(), stubs.begin(), stubs.end());
  return {begin, count};
}

std::int64_t ExchangeIndex::find(const MatchKey& key, std::uint64_t hash) const {
  const std::uint32_t number = keys_.find(key.key, hash);
  if (number == KeyTable::kNone) return -1;
  if (key.condition.empty() || conditions_.empty()) return number;
  const auto recorded = conditions_.find(number);
  if (recorded == conditions_.end()) return number;
  const auto at = std::ranges::lower_bound(recorded->second, ByteView(key.condition), {},
                                           &std::pair<ByteView, std::int64_t>::first);
  const bool same = at != recorded->second.end() && at->first == key.condition;
  return same ? at->second : number;
}

AnswerCursors::AnswerCursors(const ExchangeIndex& index, AfterLast after_last)
    : index_(index),
      after_last_(after_last),
      cursors_(index.tracks().size()),
      used_(index.stubs().size()) {
  for (std::size_t i = 0; i < cursors_.size(); ++i) {
    const ExchangeIndex::Track& track = index_.tracks()[i];
    cursors_[i].track = track;
    cursors_[i].first = index_.stubs()[index_.answer(track, 0)].reply.get();
  }
}

AnswerCursors::Answer AnswerCursors::take(std::int64_t track) {
  Cursor& cursor = cursors_[static_cast<std::size_t>(track)];
  const std::uint64_t count = cursor.track.count;
  // Once all answers are out, sticking writes nothing: no cache line travels between the workers.
  const bool used_up = cursor.taken.load(std::memory_order_relaxed) >= count;
  if (used_up && after_last_ == AfterLast::Miss) return {};
  if (used_up && after_last_ == AfterLast::Stick) {
    return answer(cursor, count - 1, Outcome::Exhausted);
  }
  const std::uint64_t taken = cursor.taken.fetch_add(1, std::memory_order_relaxed);
  const bool first_round = taken < count;
  if (!first_round && after_last_ == AfterLast::Miss) return {};
  const std::uint64_t again = after_last_ == AfterLast::Stick ? count - 1 : taken % count;
  const std::uint64_t turn = first_round ? taken : again;
  // Answers may be on more than one track: one that only this track repeats was used through it.
  used_[index_.answer(cursor.track, turn)].store(true, std::memory_order_relaxed);
  return answer(cursor, turn, first_round ? Outcome::Exact : Outcome::Exhausted);
}

AnswerCursors::Answer AnswerCursors::answer(const Cursor& cursor, std::uint64_t turn,
                                            Outcome outcome) const {
  const Stub& stub = index_.stubs()[index_.answer(cursor.track, turn)];
  return {&stub, turn == 0 ? cursor.first : stub.reply.get(), outcome};
}

std::vector<std::uint32_t> AnswerCursors::unused() const {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t stub = 0; stub < used_.size(); ++stub) {
    if (!used_[stub].load(std::memory_order_relaxed)) positions.push_back(stub);
  }
  return positions;
}

}  // namespace understudy
