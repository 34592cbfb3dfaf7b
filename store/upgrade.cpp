#include "store/upgrade.h"

#include "store/migrations.h"
#include "store/recorder_lock.h"
#include "store/sqlite.h"

#include <unistd.h>

#include <utility>

namespace understudy {
namespace {

Result<std::int64_t> version_of(const std::string& path) {
  auto database = Database::open(path, Database::Mode::ReadOnly);
  if (!database) return std::unexpected(std::move(database.error()));
  return check_version(*database);
}

}  // namespace

bool store_writable(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return access(path.c_str(), W_OK) == 0 && access(folder.c_str(), W_OK) == 0;
}

Result<bool> bring_up_to_date(const std::string& path) {
  // A foreign file is refused before a connection that may write tidies it up.
  const auto version = version_of(path);
  if (!version) return std::unexpected(version.error());
  if (*version == kSchemaVersion || !store_writable(path)) return false;
  // An older recorder goes on writing rows of its version: its file changes when it is done.
  bool recording = false;
  const auto lock = RecorderLock::take(path, recording);
  if (recording) return false;
  if (!lock) return std::unexpected(lock.error());
  auto database = Database::open(path, Database::Mode::ReadWrite);
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto done = create_or_migrate(*database); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return true;
}

}  // namespace understudy
