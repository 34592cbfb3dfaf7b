// --ready-file: how a script learns that every port listens, and where.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <sys/types.h>
#include <span>
#include <string>

namespace understudy {

/// {"pid","ui","proxy","ca","rules":[{"name","scheme","address"}]}; `ui_url` and `authority`, the
/// path of its certificate, empty = null. "proxy" is the first forward proxy; "rules" lists none.
[[nodiscard]] std::string ready_json(pid_t process, const std::string& ui_url,
                                     const std::string& authority,
                                     std::span<const ListeningRule> rules);

/// Removes what an earlier run left, so that nobody takes it for this one's. Errors: Environment.
[[nodiscard]] Result<void> forget_ready_file(const std::string& path);

/// Writes a file beside `path` and renames it: a reader sees nothing or everything. Errors:
/// Environment (no such directory, no permission).
[[nodiscard]] Result<void> write_file_atomically(const std::string& path,
                                                 const std::string& content);

}  // namespace understudy
