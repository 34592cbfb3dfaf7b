#include "ui/cli/service_start.h"

#include "protocols/transport/cert_authority.h"
#include "protocols/transport/descriptor_limit.h"
#include "store/rule_proxy.h"
#include "ui/cli/command_files.h"
#include "ui/cli/ready_file.h"
#include "ui/cli/rule_environment.h"
#include "ui/cli/rule_text.h"
#include "ui/cli/trust_steps.h"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <optional>
#include <utility>

namespace understudy {

namespace {

constexpr std::chrono::seconds kSignalGrace{10};
constexpr std::chrono::seconds kCommandGrace{1};

std::string certificate_of(const RunningService& service) {
  return service.authority == nullptr ? "" : service.authority->paths().certificate;
}

void print_trust(std::FILE* out, const RunArguments& run, const RunningService& service) {
  if (service.authority == nullptr) return;
  fmt::print(out, "certificates are signed by {}\n", certificate_of(service));
  const std::string curl = trusting_curl(certificate_of(service), service.listening);
  if (run.command.empty() && !curl.empty()) {
    fmt::print(out, "  trusted by: {}  (others: understudy ca show)\n", curl);
  }
}

/// Where the rules are, and what makes clients use and trust us; the files that it names are put
/// into `files`.
Result<std::vector<EnvironmentVariable>> command_environment(const RunArguments& run,
                                                             const RunningService& service,
                                                             std::optional<CommandFiles>& files) {
  std::vector<std::string> warnings;
  std::vector<EnvironmentVariable> variables = rule_environment(service.listening, warnings);
  const ProxyAccess proxy = proxy_access(service.listening, service.credentials,
                                         run.proxy.no_proxy.value_or(""), service.ui_url);
  if (service.authority != nullptr) {
    Result<CommandFiles> made = CommandFiles::make(*service.authority, proxy, warnings);
    if (!made) return std::unexpected(made.error());
    files.emplace(std::move(*made));
  }
  const CommandPaths paths = files ? files->paths() : CommandPaths();
  for (EnvironmentVariable& variable : client_variables(paths, proxy))
    variables.push_back(std::move(variable));
  for (const std::string& warning : warnings)
    print_warning(warning);
  return variables;
}

}  // namespace

Result<std::shared_ptr<CertAuthority>> open_authority(std::span<const ForwardRule> rules) {
  const bool needed = std::ranges::any_of(
      rules, [](const ForwardRule& rule) { return rule.client_tls || rule.proxy; });
  if (!needed) return nullptr;
  const Result<std::string> directory = default_root_directory();
  if (!directory) return std::unexpected(directory.error());
  return CertAuthority::open(*directory);
}

std::string proxy_credentials(std::span<const ForwardRule> rules) {
  const auto proxy = std::ranges::find_if(
      rules, [](const ForwardRule& rule) { return rule.proxy && !rule.proxy->by_host; });
  return proxy == rules.end() ? "" : proxy->proxy->credentials;
}

std::string public_warning(const ListeningRule& rule, bool with_password) {
  if (rule.scheme != kProxyScheme) {
    return fmt::format(
        "the rule {} can be reached by other machines; bind it to localhost if that is not wanted",
        rule.name);
  }
  return fmt::format(
      "{}: other machines can use this forward proxy{}; bind it to localhost if that is not wanted",
      rule.name,
      with_password ? " with its password" : ", and nobody is asked for a password (--proxy-auth)");
}

std::FILE* people_output(const RunArguments& run) {
  return run.command.empty() && !run.json ? stdout : stderr;
}

void print_warning(const std::string& text) {
  fmt::print(stderr, "warning: {}\n", text);
}

ConnectionLimit connection_limit(const RunArguments& run, std::size_t descriptors) {
  ConnectionLimit limit;
  limit.descriptor_limit = raise_descriptor_limit();
  const std::uint64_t reserved = std::min(limit.descriptor_limit / 2, kReservedDescriptors);
  limit.connections =
      run.max_connections > 0
          ? run.max_connections
          : static_cast<std::size_t>((limit.descriptor_limit - reserved) / descriptors);
  return limit;
}

Result<void> announce(const RunArguments& run, const RunningService& service) {
  std::FILE* out = people_output(run);
  fmt::print(out, "{}\n", service.headline);
  for (const std::string& line : listening_lines(service.listening, service.upstreams)) {
    fmt::print(out, "  {}\n", line);
  }
  print_trust(out, run, service);
  if (!service.ui_url.empty()) fmt::print(out, "status page: {}\n", service.ui_url);
  fmt::print(out, "up to {} connections at a time (descriptor limit {})\n",
             service.limit.connections, service.limit.descriptor_limit);
  if (run.command.empty()) fmt::print(out, "Ctrl-C stops\n");
  std::fflush(out);
  for (const ListeningRule& rule : service.listening) {
    if (rule.is_public) print_warning(public_warning(rule, !service.credentials.empty()));
  }
  if (run.ready_file.empty()) return {};
  return write_file_atomically(
      run.ready_file,
      ready_json(::getpid(), service.ui_url, certificate_of(service), service.listening));
}

Result<RunEnd> run_until_end(const RunArguments& run, RunSignals& signals,
                             const RunningService& service,
                             const std::function<void()>& on_reload) {
  if (run.command.empty()) return wait_for_stop(signals, on_reload);
  std::optional<CommandFiles> files;  // until the COMMAND has ended
  std::vector<EnvironmentVariable> environment;
  if (run.set_environment) {
    auto variables = command_environment(run, service, files);
    if (!variables) return std::unexpected(variables.error());
    environment = std::move(*variables);
  }
  return run_command(signals, run.command, environment, on_reload);
}

std::chrono::milliseconds stop_grace(const RunArguments& run) {
  return run.command.empty() ? kSignalGrace : kCommandGrace;
}

}  // namespace understudy
