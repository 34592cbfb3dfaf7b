#include "ui/cli/command_files.h"

#include "protocols/transport/cert_authority.h"
#include "protocols/transport/small_file.h"
#include "protocols/transport/trust_store.h"
#include "ui/cli/node_preload.h"

#include <fmt/format.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace understudy {

namespace {

/// Settings by hand; what is longer was named by mistake.
constexpr std::size_t kMaxWgetrc = std::size_t{1} << 20;

std::string our_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// What wget would read without us; empty where there is nothing.
std::string users_wgetrc() {
  std::string file = our_variable("WGETRC");
  if (file.empty()) file = our_variable("HOME") + "/.wgetrc";
  return read_small_file(file, kMaxWgetrc, ErrorSource::Environment).value_or("");
}

Result<std::string> private_directory() {
  std::error_code problem;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(problem);
  std::string name = (parent / "understudy-XXXXXX").string();
  if (!problem && ::mkdtemp(name.data()) != nullptr) return name;
  return std::unexpected(
      Error(ErrorSource::Environment, name,
            fmt::format("cannot make a directory for the COMMAND's files: {} (TMPDIR names another "
                        "place)",
                        problem ? problem.message() : std::strerror(errno))));
}

}  // namespace

Result<CommandFiles> CommandFiles::make(const CertAuthority& authority, const ProxyAccess& proxy,
                                        std::vector<std::string>& warnings) {
  Result<std::string> directory = private_directory();
  if (!directory) return std::unexpected(directory.error());
  CommandFiles files(std::move(*directory));
  if (auto done = files.write(authority, proxy, warnings); !done) {
    return std::unexpected(done.error());
  }
  return files;
}

CommandFiles::CommandFiles(CommandFiles&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), paths_(std::move(other.paths_)) {}

CommandFiles::~CommandFiles() {
  std::error_code ignored;  // it lies where the system clears up
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

Result<void> CommandFiles::write(const CertAuthority& authority, const ProxyAccess& proxy,
                                 std::vector<std::string>& warnings) {
  paths_.authority = authority.paths().certificate;
  paths_.bundle = directory_ + "/roots.pem";
  paths_.java_store = directory_ + "/roots.p12";
  paths_.wgetrc = directory_ + "/wgetrc";
  std::string roots = system_roots_file();
  auto bundle = write_trust_bundle(paths_.bundle, authority.root(), roots);
  if (!bundle && !roots.empty()) {
    warnings.push_back("the COMMAND does not trust the system's roots: " +
                       describe(bundle.error()));
    roots.clear();
    bundle = write_trust_bundle(paths_.bundle, authority.root(), roots);
  }
  if (!bundle) return std::unexpected(bundle.error());
  const auto store = write_java_trust_store(paths_.java_store, authority.root(), roots);
  if (!store) return std::unexpected(store.error());
  auto done = replace_file(paths_.wgetrc, wgetrc_text(users_wgetrc(), paths_, proxy), 0600);
  if (!done || proxy.address.empty()) return done;
  paths_.node_preload = directory_ + "/node_preload.cjs";
  return replace_file(paths_.node_preload, std::string(kNodePreload), 0600);
}

std::vector<EnvironmentVariable> client_variables(const CommandPaths& paths,
                                                  const ProxyAccess& proxy) {
  std::vector<EnvironmentVariable> variables = proxy_variables(proxy);
  for (EnvironmentVariable& variable : trust_variables(paths))
    variables.push_back(std::move(variable));
  if (!paths.java_store.empty()) {
    variables.emplace_back("JAVA_TOOL_OPTIONS",
                           java_options(our_variable("JAVA_TOOL_OPTIONS"), paths, proxy));
  }
  if (!paths.node_preload.empty()) {
    variables.emplace_back("NODE_OPTIONS", node_options(our_variable("NODE_OPTIONS"), paths));
  }
  return variables;
}

}  // namespace understudy
