// The environment of a COMMAND: how it finds the rules and the forward proxy, and whom it trusts.
// Pure; command_files.h makes the files that it names.
#pragma once

#include "protocols/core/rule.h"
#include "ui/cli/command_run.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Paths of the files that the variables name; empty = there is none.
struct CommandPaths {
  std::string authority;     ///< our certificate alone, PEM
  std::string bundle;        ///< the system's roots and ours, PEM
  std::string java_store;    ///< the same, PKCS#12
  std::string wgetrc;        ///< the user's settings, then ours
  std::string node_preload;  ///< node_preload.js; only where there is a proxy
};

/// The forward proxy as a client is told of it.
struct ProxyAccess {
  std::string address;      ///< "127.0.0.1:3128"; empty = there is no proxy
  std::string credentials;  ///< "user:password"; empty = none
  std::string direct;       ///< hosts that are reached without it, as NO_PROXY has them

  /// "http://user:password@127.0.0.1:3128", escaped.
  [[nodiscard]] std::string url() const;
};

/// The first forward proxy among `rules`. `asked` is the value of --no-proxy; our own rules and the
/// UI (`ui_url`, empty = off) are reached directly as well, or they would be loops.
[[nodiscard]] ProxyAccess proxy_access(std::span<const ListeningRule> rules,
                                       const std::string& credentials, const std::string& asked,
                                       const std::string& ui_url);

/// HTTP_PROXY and its kin; nothing where there is no proxy.
[[nodiscard]] std::vector<EnvironmentVariable> proxy_variables(const ProxyAccess& proxy);

/// What makes curl, OpenSSL, Python, Git, Node and wget trust us; nothing where there are no files.
[[nodiscard]] std::vector<EnvironmentVariable> trust_variables(const CommandPaths& paths);

/// JAVA_TOOL_OPTIONS: `inherited`, then our trust store and proxy.
[[nodiscard]] std::string java_options(std::string_view inherited, const CommandPaths& paths,
                                       const ProxyAccess& proxy);

/// NODE_OPTIONS: `inherited`, then the preload.
[[nodiscard]] std::string node_options(std::string_view inherited, const CommandPaths& paths);

/// The file for WGETRC: what the user's own says, then ours, which wins.
[[nodiscard]] std::string wgetrc_text(std::string_view inherited, const CommandPaths& paths,
                                      const ProxyAccess& proxy);

}  // namespace understudy
