#include "replayer/key_table.h"

#include <cstring>
#include <functional>
#include <utility>

namespace understudy {

namespace {

constexpr std::size_t kFirstSlots = 16;

bool is_kept(const char* kept, ByteView key) {
  std::size_t size = 0;
  std::memcpy(&size, kept, sizeof size);
  return size == key.size() && std::memcmp(kept + sizeof size, key.data(), size) == 0;
}

}  // namespace

std::uint64_t key_hash(ByteView key) {
  return std::hash<ByteView>{}(key);
}

std::uint32_t KeyTable::add(ByteView key, std::uint64_t hash) {
  if (slots_.size() - slots_.size() / 8 <= size_) grow();
  const auto tag = static_cast<std::uint32_t>(hash);
  Slot& slot = slots_[position(key, tag)];
  if (slot.number != kNone) return slot.number;
  const std::size_t size = key.size();
  char* kept = bytes_.take(sizeof size + size);
  std::memcpy(kept, &size, sizeof size);
  if (size != 0) std::memcpy(kept + sizeof size, key.data(), size);
  slot = {tag, size_++, kept};
  return slot.number;
}

std::uint32_t KeyTable::find(ByteView key, std::uint64_t hash) const {
  if (slots_.empty()) return kNone;
  return slots_[position(key, static_cast<std::uint32_t>(hash))].number;
}

/// Of the slot that has `key`, else of the free one where it would be.
std::size_t KeyTable::position(ByteView key, std::uint32_t tag) const {
  const std::size_t last = slots_.size() - 1;
  for (std::size_t at = tag & last;; at = (at + 1) & last) {
    const Slot& slot = slots_[at];
    if (slot.number == kNone || (slot.tag == tag && is_kept(slot.key, key))) return at;
  }
}

void KeyTable::grow() {
  std::vector<Slot> fuller(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  std::swap(slots_, fuller);
  const std::size_t last = slots_.size() - 1;
  for (const Slot& slot : fuller) {
    if (slot.number == kNone) continue;
    std::size_t at = slot.tag & last;
    while (slots_[at].number != kNone)
      at = (at + 1) & last;
    slots_[at] = slot;
  }
}

}  // namespace understudy
