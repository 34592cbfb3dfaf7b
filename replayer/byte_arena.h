// Memory that is kept until the end, one piece behind the other: no allocation for each, and what
// is read in the order in which it was kept lies in that order. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace understudy {

class ByteArena {
 public:
  /// `size` bytes, aligned for nothing, that stay where they are as long as the arena lives.
  [[nodiscard]] char* take(std::size_t size);

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{64} * 1024;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;  ///< where the last common block goes on
  std::size_t left_ = 0;  ///< bytes of it that are free
};

}  // namespace understudy
