// What `record` and `replay` do in the same way around their service: rules read and checked, ports
// announced, the ready file, the wait.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"
#include "ui/cli/run_loop.h"
#include "ui/web/web_server.h"

#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// Where people's text goes: standard output, but standard error where that belongs to a COMMAND
/// or to --json.
[[nodiscard]] std::FILE* people_output(const RunArguments& run);

/// "warning: …" to standard error.
void print_warning(const std::string& text);

/// How many client connections may be open: as --max-connections says, else what the descriptor
/// limit, raised as far as it goes, allows where each needs `descriptors`.
struct ConnectionLimit {
  std::size_t connections = 0;
  std::uint64_t descriptor_limit = 0;
};
[[nodiscard]] ConnectionLimit connection_limit(const RunArguments& run, std::size_t descriptors);

/// What there is to say once everything listens.
struct Announcement {
  std::string headline;  ///< "recording nightly into run.db"
  std::span<const ListeningRule> listening;
  std::span<const std::string> upstreams;  ///< empty in replay
  std::string ui_url;                      ///< empty = off
  ConnectionLimit limit;
};

/// Prints the announcement, warns of listeners that others can reach, and writes the ready file.
/// Errors: Environment (the ready file cannot be written).
[[nodiscard]] Result<void> announce(const RunArguments& run, const Announcement& announcement);

/// Waits for a signal, or runs the COMMAND with the rules' addresses in its environment.
[[nodiscard]] Result<RunEnd> run_until_end(const RunArguments& run, RunSignals& signals,
                                           std::span<const ListeningRule> listening,
                                           const std::function<void()>& on_reload);

/// Lets open exchanges end this long when a signal stops us; a COMMAND that has ended waits for
/// nothing any more.
[[nodiscard]] std::chrono::milliseconds stop_grace(const RunArguments& run);

}  // namespace understudy
