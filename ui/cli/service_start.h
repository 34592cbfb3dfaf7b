// What `record` and `replay` do in the same way around their service: rules read and checked, ports
// announced, the ready file, the wait.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"
#include "ui/cli/run_loop.h"
#include "ui/web/web_server.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace understudy {

class CertAuthority;

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

/// The certificate authority of this user, where one of `rules` needs it to speak TLS; null = none
/// does. Errors: Environment (its directory cannot be written, its key is damaged).
[[nodiscard]] Result<std::shared_ptr<CertAuthority>> open_authority(
    std::span<const ForwardRule> rules);

/// What runs once everything listens, as people, scripts and the COMMAND are told of it.
struct RunningService {
  std::string headline;  ///< "recording nightly into run.db"
  std::span<const ListeningRule> listening;
  std::span<const std::string> upstreams;    ///< by rule; empty in replay
  const CertAuthority* authority = nullptr;  ///< null = no TLS is served
  std::string credentials;  ///< "user:password" of the forward proxy; empty = none are asked for
  std::string ui_url;       ///< empty = off
  ConnectionLimit limit;
};

/// Prints what runs, warns of listeners that others can reach, and writes the ready file. Errors:
/// Environment (the ready file cannot be written).
[[nodiscard]] Result<void> announce(const RunArguments& run, const RunningService& service);

/// Waits for a signal, or runs the COMMAND, which finds the service through its environment.
/// Errors: Config (the COMMAND cannot be started), Environment (no room for its files).
[[nodiscard]] Result<RunEnd> run_until_end(const RunArguments& run, RunSignals& signals,
                                           const RunningService& service,
                                           const std::function<void()>& on_reload);

/// The sentence about a listener that other machines can reach; `with_password`: the forward proxy
/// asks for one.
[[nodiscard]] std::string public_warning(const ListeningRule& rule, bool with_password);

/// "user:password" of the first forward proxy among `rules`; empty = none are asked for.
[[nodiscard]] std::string proxy_credentials(std::span<const ForwardRule> rules);

/// Lets open exchanges end this long when a signal stops us; a COMMAND that has ended waits for
/// nothing any more.
[[nodiscard]] std::chrono::milliseconds stop_grace(const RunArguments& run);

}  // namespace understudy
