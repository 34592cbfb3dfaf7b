// Files for a COMMAND, in a directory that only this user can read and that goes when the COMMAND
// has ended. Used by the main thread.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/command_environment.h"

#include <string>
#include <vector>

namespace understudy {

class CertAuthority;

class CommandFiles {
 public:
  /// Writes what makes clients trust `authority`, and use `proxy` where there is one. Reads the
  /// system's roots and the user's wgetrc; roots that cannot be read are left out, with a sentence
  /// in `warnings`. Errors: Environment (no room for temporary files).
  static Result<CommandFiles> make(const CertAuthority& authority, const ProxyAccess& proxy,
                                   std::vector<std::string>& warnings);
  ~CommandFiles();
  CommandFiles(CommandFiles&& other) noexcept;
  CommandFiles& operator=(CommandFiles&&) = delete;

  [[nodiscard]] const CommandPaths& paths() const { return paths_; }

 private:
  explicit CommandFiles(std::string directory) : directory_(std::move(directory)) {}
  Result<void> write(const CertAuthority& authority, const ProxyAccess& proxy,
                     std::vector<std::string>& warnings);

  std::string directory_;  ///< empty = nothing to remove
  CommandPaths paths_;
};

/// All that a COMMAND is told beside the rules' addresses: proxy_variables(), trust_variables(),
/// JAVA_TOOL_OPTIONS and NODE_OPTIONS, which keep what our own environment says.
[[nodiscard]] std::vector<EnvironmentVariable> client_variables(const CommandPaths& paths,
                                                                const ProxyAccess& proxy);

}  // namespace understudy
