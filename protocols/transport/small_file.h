// Files that are read and written whole: keys, certificates, bundles. Safe from any thread and from
// several processes at once.
#pragma once

#include "protocols/core/error.h"

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace understudy {

/// The content of a regular file of at most `limit` bytes. Errors: `source`, naming `path` (not
/// there, no permission, a directory, larger).
[[nodiscard]] Result<std::string> read_small_file(const std::string& path, std::size_t limit,
                                                  ErrorSource source);

/// Writes a file beside `path` and renames it: a reader sees the old content, or all of the new
/// one. Errors: Environment.
[[nodiscard]] Result<void> replace_file(const std::string& path, const std::string& content,
                                        mode_t mode);

/// The same for a file that must not be there: true when it was made, false when `path` existed
/// (also when another process made it a moment earlier), which is then left as it is. Errors:
/// Environment.
[[nodiscard]] Result<bool> create_file(const std::string& path, const std::string& content,
                                       mode_t mode);

/// Makes a directory and what is missing above it, for this user alone (0700). One that is there
/// stays as it is. Errors: Environment.
[[nodiscard]] Result<void> make_private_directory(const std::string& path);

}  // namespace understudy
