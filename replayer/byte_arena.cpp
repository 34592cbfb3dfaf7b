#include "replayer/byte_arena.h"

#include <utility>

namespace understudy {

char* ByteArena::take(std::size_t size) {
  if (size > left_) {
    // What is large has a block of its own, so that little of the common ones stays empty.
    const bool large = size > kBlockBytes / 8;
    const std::size_t block = large ? size : kBlockBytes;
    char* fresh = blocks_.emplace_back(std::make_unique_for_overwrite<char[]>(block)).get();
    if (large) return fresh;
    next_ = fresh;
    left_ = block;
  }
  left_ -= size;
  return std::exchange(next_, next_ + size);
}

}  // namespace understudy
