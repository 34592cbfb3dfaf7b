// Keys → numbers by a flat table with open addressing. However many keys there are, one that is
// found costs two cache misses, of its slot and of its bytes, and what hangs on the number need not
// wait for the second. Filled by one thread, then read by any.
#pragma once

#include "protocols/core/bytes.h"
#include "replayer/byte_arena.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace understudy {

/// Same text, same number, in this run.
[[nodiscard]] std::uint64_t key_hash(ByteView key);

class KeyTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  /// The number of `key`; a new one gets the next, from 0. `hash`: key_hash(key).
  std::uint32_t add(ByteView key, std::uint64_t hash);
  /// kNone: it was not added. Allocates nothing.
  [[nodiscard]] std::uint32_t find(ByteView key, std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  struct Slot {
    std::uint32_t tag = 0;         ///< of the hash: what places the slot, and tells keys apart
    std::uint32_t number = kNone;  ///< kNone = a free slot
    const char* key = nullptr;     ///< its size, then its bytes: compared last
  };
  [[nodiscard]] std::size_t position(ByteView key, std::uint32_t tag) const;
  void grow();

  std::vector<Slot> slots_;  ///< a power of two, or none; at most seven eighths are in use
  std::uint32_t size_ = 0;
  ByteArena bytes_;
};

}  // namespace understudy
