// Options about forward proxies, on CLI11. Included by command_line.cpp alone: CLI11 is slow to
// compile.
#pragma once

#include "ui/cli/option_kinds.h"

namespace understudy {

/// Of `record` and `replay`: where the proxy is, and who may use it.
void add_proxy_options(CLI::App& app, ProxyArguments& proxy);

/// Of `record` alone: what goes through it, and how upstreams are reached. Replay tunnels nothing.
void add_tunnel_options(CLI::App& app, RecordArguments& record);

/// Options that say nothing without another one. Errors (Config).
[[nodiscard]] Result<void> check_proxy_options(const RunArguments& run);

}  // namespace understudy
