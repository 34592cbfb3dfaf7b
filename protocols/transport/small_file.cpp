#include "protocols/transport/small_file.h"

#include "protocols/transport/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace understudy {

namespace {

Error cannot(const char* what, const std::string& path) {
  return {ErrorSource::Environment, path, fmt::format("cannot {}: {}", what, std::strerror(errno))};
}

/// A file beside its final place, removed unless it is where it belongs.
class Draft {
 public:
  explicit Draft(const std::string& path) : name_(path + ".XXXXXX") {
    file_.reset(::mkostemp(name_.data(), O_CLOEXEC));
  }
  ~Draft() {
    if (opened()) ::unlink(name_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  [[nodiscard]] bool opened() const { return static_cast<bool>(file_); }
  [[nodiscard]] const char* name() const { return name_.c_str(); }

  /// On the disk, not only in memory: a key that is lost in a power cut is a root to trust again.
  [[nodiscard]] bool fill(const std::string& content, mode_t mode) const {
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t count = ::write(file_.get(), content.data() + done, content.size() - done);
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    return ::fchmod(file_.get(), mode) == 0 && ::fsync(file_.get()) == 0;
  }

 private:
  std::string name_;
  Descriptor file_;
};

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t limit,
                                    ErrorSource source) {
  const auto refuse = [&](std::string what) {
    return std::unexpected(Error(source, path, std::move(what)));
  };
  // O_NONBLOCK: a named pipe must not hold us.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return refuse(fmt::format("cannot read: {}", std::strerror(errno)));
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return refuse("is not a regular file");
  }
  std::string content(limit + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t count = ::read(file.get(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(fmt::format("cannot read: {}", std::strerror(errno)));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > limit) return refuse(fmt::format("is larger than {} bytes", limit));
  content.resize(size);
  return content;
}

Result<void> replace_file(const std::string& path, const std::string& content, mode_t mode) {
  const Draft draft(path);
  if (draft.opened() && draft.fill(content, mode) && ::rename(draft.name(), path.c_str()) == 0) {
    return {};
  }
  return std::unexpected(cannot("write", path));
}

Result<bool> create_file(const std::string& path, const std::string& content, mode_t mode) {
  const Draft draft(path);
  if (!draft.opened() || !draft.fill(content, mode)) return std::unexpected(cannot("write", path));
  // link(2), unlike rename(2), never takes the place of another's file.
  if (::link(draft.name(), path.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  return std::unexpected(cannot("write", path));
}

Result<void> make_private_directory(const std::string& path) {
  struct stat facts{};
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (::stat(part.c_str(), &facts) == 0 || ::mkdir(part.c_str(), 0700) == 0 || errno == EEXIST) {
      continue;
    }
    return std::unexpected(cannot("make the directory", part));
  }
  return {};
}

}  // namespace understudy
