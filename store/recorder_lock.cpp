#include "store/recorder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace understudy {
namespace {

/// Far beyond SQLite's own lock bytes (at 1 GiB) and beyond any file.
constexpr off_t kLockByte = off_t{1} << 61;

/// POSIX says: closing any descriptor of a file drops all of the process's record locks on it,
/// SQLite's included, and another process may then tidy up a log that is in use. So a descriptor
/// that was opened here is kept for the next recorder of the same file, never closed.
class KeptDescriptors {
 public:
  /// One of the file at `path`, if one was kept.
  std::optional<int> find(const std::string& path) {
    struct stat file{};
    if (stat(path.c_str(), &file) != 0) return std::nullopt;
    const std::lock_guard guard(mutex_);
    const auto found = kept_.find({file.st_dev, file.st_ino});
    if (found == kept_.end()) return std::nullopt;
    const int descriptor = found->second;
    kept_.erase(found);
    return descriptor;
  }

  void keep(int descriptor) {
    struct stat file{};
    if (fstat(descriptor, &file) != 0 || file.st_nlink == 0) {
      close(descriptor);  // deleted: nobody will open it again
      return;
    }
    const std::lock_guard guard(mutex_);
    kept_.emplace(std::pair(file.st_dev, file.st_ino), descriptor);
  }

 private:
  std::mutex mutex_;
  std::multimap<std::pair<dev_t, ino_t>, int> kept_;
};

KeptDescriptors& kept_descriptors() {
  static KeptDescriptors descriptors;
  return descriptors;
}

bool set_lock(int descriptor, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kLockByte;
  lock.l_len = 1;
  return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

Error environment_says(const std::string& path) {
  return {ErrorSource::Store, path, std::string("cannot be written: ") + std::strerror(errno)};
}

}  // namespace

Result<RecorderLock> RecorderLock::take(const std::string& path, bool& taken) {
  taken = false;
  int descriptor = -1;
  if (const auto kept = kept_descriptors().find(path)) {
    descriptor = *kept;
  } else {
    descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return std::unexpected(environment_says(path));
  }
  if (!set_lock(descriptor, F_WRLCK)) {
    taken = errno == EAGAIN || errno == EACCES;
    auto error = taken ? Error(ErrorSource::Store, path, "is being recorded into already")
                       : environment_says(path);
    kept_descriptors().keep(descriptor);
    return std::unexpected(std::move(error));
  }
  return RecorderLock(path, descriptor);
}

RecorderLock::RecorderLock(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

RecorderLock::RecorderLock(RecorderLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

RecorderLock::~RecorderLock() {
  if (descriptor_ < 0) return;
  set_lock(descriptor_, F_UNLCK);
  kept_descriptors().keep(descriptor_);
}

Result<Bytes> RecorderLock::front(std::size_t size) const {
  Bytes bytes(size, '\0');
  const ssize_t got = pread(descriptor_, bytes.data(), size, 0);
  if (got < 0) return std::unexpected(environment_says(path_));
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

RecorderLock::Fate RecorderLock::fate() const {
  struct stat now{};
  struct stat locked{};
  if (fstat(descriptor_, &locked) != 0) return Fate::InPlace;
  if (stat(path_.c_str(), &now) == 0) {
    if (now.st_dev == locked.st_dev && now.st_ino == locked.st_ino) return Fate::InPlace;
  } else if (errno != ENOENT && errno != ENOTDIR) {
    return Fate::InPlace;  // it cannot be told from here, a folder without permission for one
  }
  return locked.st_nlink == 0 ? Fate::Deleted : Fate::Moved;
}

}  // namespace understudy
