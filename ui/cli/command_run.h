// The COMMAND after "--": started without a shell, its input and output those of the user, its exit
// code ours. Used by the main thread.
#pragma once

#include "protocols/core/error.h"

#include <sys/types.h>
#include <csignal>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

/// NAME and value.
using EnvironmentVariable = std::pair<std::string, std::string>;

class CommandRun {
 public:
  /// Starts `words` (found on the PATH, never empty) with our environment and `extra` set in it,
  /// under `signal_mask`. It inherits standard input, output and error and no other descriptor.
  /// Errors: Config (no such program, not executable).
  static Result<CommandRun> start(std::span<const std::string> words,
                                  const std::vector<EnvironmentVariable>& extra,
                                  const sigset_t& signal_mask);

  void send(int signal) const;
  /// Exit code once it has ended (128 + signal when it was killed); nothing: it still runs. Call
  /// after SIGCHLD.
  [[nodiscard]] std::optional<int> ended();

 private:
  explicit CommandRun(pid_t process) : process_(process) {}
  pid_t process_;
  std::optional<int> exit_code_;
};

/// "npm test", with quotes where a word needs them.
[[nodiscard]] std::string command_text(std::span<const std::string> words);

}  // namespace understudy
