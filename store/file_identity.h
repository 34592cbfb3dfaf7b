// Which file a name means: two names are the same file where this is equal. No state.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace understudy {

struct FileIdentity {
  dev_t device;
  ino_t number;
  bool operator==(const FileIdentity&) const = default;
};

/// Null: no file has this name, or it cannot be looked at.
[[nodiscard]] inline std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0) return std::nullopt;
  return FileIdentity{file.st_dev, file.st_ino};
}

}  // namespace understudy
