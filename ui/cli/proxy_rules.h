// What the command line says of forward proxies, put into the rules of a run.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/recorded.h"
#include "protocols/core/rule.h"
#include "ui/cli/arguments.h"

#include <vector>

namespace understudy {

/// The rules that `record` serves, of those that read_rules() found: a COMMAND without any gets a
/// proxy of its own, on any free port. Errors as apply_proxy_settings().
[[nodiscard]] Result<std::vector<ForwardRule>> record_rules(const RunArguments& run,
                                                            std::vector<ForwardRule> input);

/// The rules that `replay` serves, empty = the recorded ones as they are. `--proxy` without other
/// rules moves the recorded proxy and leaves the other recorded rules where they were. Errors as
/// apply_proxy_settings(), and Config (no proxy was recorded: lists what was).
[[nodiscard]] Result<std::vector<ForwardRule>> replay_rules(const RunArguments& run,
                                                            std::vector<ForwardRule> input,
                                                            const Recording& recording);

/// Gives what the options say to every proxy among `rules`; reads the password file. Errors
/// (Config): the file cannot be read or holds no password; options without a proxy.
[[nodiscard]] Result<void> apply_proxy_settings(const ProxyArguments& proxy,
                                                std::vector<ForwardRule>& rules);

}  // namespace understudy
