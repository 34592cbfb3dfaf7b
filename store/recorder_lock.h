// One recorder per store, across processes: a lock on a byte of the file that SQLite never locks.
// It ends with the process, however that ends.
//
// It is an open-file-description lock (fcntl(2), F_OFD_SETLK): unlike POSIX locks it also holds
// against another recorder of the same process. Safe from any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/error.h"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace understudy {

class RecorderLock {
 public:
  /// Opens `path`, makes an empty file where there is none, and takes the lock. Errors: Store (no
  /// permission, no such directory); `taken` is set where another recorder has it.
  [[nodiscard]] static Result<RecorderLock> take(const std::string& path, bool& taken);
  ~RecorderLock();
  RecorderLock(RecorderLock&& other) noexcept;
  RecorderLock& operator=(RecorderLock&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The first bytes of the file, at most `size`.
  [[nodiscard]] Result<Bytes> front(std::size_t size) const;
  /// What became of `path`: it still names the file that is locked, or that one has another name by
  /// now, or none.
  enum class Fate : std::uint8_t { InPlace, Moved, Deleted };
  [[nodiscard]] Fate fate() const;

 private:
  RecorderLock(std::string path, int descriptor);
  std::string path_;
  int descriptor_;  ///< -1: moved from
};

}  // namespace understudy
