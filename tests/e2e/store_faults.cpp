// Preloaded into the program under test (LD_PRELOAD): makes writing to a store fail or wait, as the
// file named by UNDERSTUDY_FAULTS says. Its words, looked at before each call:
//
//   enospc|eio|efbig [SUFFIX]   the call fails with that error
//   block [SUFFIX]              the call waits until the file says something else or is gone
//
// SUFFIX is how the name of the file written to ends (".db", ".db-wal"); without one, both. No
// control file: everything goes its way.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr int kLookAgainMilliseconds = 5;

std::string name_of(int descriptor) {
  char link[64];
  char name[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, name, sizeof name);
  return size < 0 ? std::string() : std::string(name, static_cast<std::size_t>(size));
}

bool concerns(const std::string& name, std::string_view suffix) {
  if (name.find(" (deleted)") != std::string::npos) return false;
  if (!suffix.empty()) return name.ends_with(suffix);
  return name.ends_with(".db") || name.ends_with(".db-wal");
}

/// The words of the control file; empty where there is none.
std::string words() {
  const char* path = std::getenv("UNDERSTUDY_FAULTS");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "re");
  if (file == nullptr) return {};
  char text[64] = {};
  const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  std::string found(text, size);
  if (found.ends_with('\n')) found.pop_back();
  return found;
}

/// What the control file wants of a call on `descriptor`: an errno, or 0 to let it pass.
int fault(int descriptor) {
  for (;;) {
    const std::string text = words();
    if (text.empty()) return 0;
    const std::size_t space = text.find(' ');
    const std::string what = text.substr(0, space);
    const std::string suffix = space == std::string::npos ? "" : text.substr(space + 1);
    if (!concerns(name_of(descriptor), suffix)) return 0;
    if (what == "enospc") return ENOSPC;
    if (what == "eio") return EIO;
    if (what == "efbig") return EFBIG;
    if (what != "block") return 0;
    poll(nullptr, 0, kLookAgainMilliseconds);
  }
}

template <class Function, class... Arguments>
auto pass_on(const char* name, Function* /*type*/, int descriptor, Arguments... arguments)
    -> decltype(std::declval<Function*>()(descriptor, arguments...)) {
  if (const int error = fault(descriptor)) {
    errno = error;
    return -1;
  }
  auto* real = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  return real(descriptor, arguments...);
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* data, size_t size) {
  return pass_on("write", &write, descriptor, data, size);
}
ssize_t pwrite(int descriptor, const void* data, size_t size, off_t offset) {
  return pass_on("pwrite", &pwrite, descriptor, data, size, offset);
}
ssize_t pwrite64(int descriptor, const void* data, size_t size, off64_t offset) {
  return pass_on("pwrite64", &pwrite64, descriptor, data, size, offset);
}
int ftruncate(int descriptor, off_t size) noexcept {
  return pass_on("ftruncate", &ftruncate, descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  return pass_on("ftruncate64", &ftruncate64, descriptor, size);
}
int fsync(int descriptor) {
  return pass_on("fsync", &fsync, descriptor);
}
int fdatasync(int descriptor) {
  return pass_on("fdatasync", &fdatasync, descriptor);
}

}  // extern "C"
