#include "store/rule_source.h"

#include "store/rule_proxy.h"
#include "store/rule_values.h"
#include "store/xml_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

namespace understudy {
namespace {

/// Why a file (or directory, where that is allowed) cannot be read; empty: it can.
std::string unreadable(const std::string& path, bool directory_allowed) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return std::strerror(errno);
  const bool directory = S_ISDIR(facts.st_mode);
  if (directory && !directory_allowed) return "is a directory";
  if (!directory && !S_ISREG(facts.st_mode)) return "is no regular file";
  if (::access(path.c_str(), directory ? R_OK | X_OK : R_OK) != 0) return std::strerror(errno);
  return "";
}

}  // namespace

std::string RuleSource::place(std::ptrdiff_t offset) const {
  return fmt::format("{}:{}", path_, line_at(text_, offset));
}

std::unexpected<Error> RuleSource::refuse(pugi::xml_node node, const std::string& what) const {
  return std::unexpected(Error(ErrorSource::Config, place(node), what));
}

std::unexpected<Error> RuleSource::refuse(pugi::xml_node node, std::string_view attribute,
                                          const Error& error) const {
  return refuse(node, fmt::format("{}: {}", attribute, error.what));
}

void RuleSource::warn(pugi::xml_node node, const std::string& what) {
  warnings_.push_back(place(node) + ": " + what);
}

Result<void> RuleSource::check_twice(pugi::xml_node node) const {
  std::set<std::string_view> seen;
  for (const pugi::xml_attribute attribute : node.attributes()) {
    if (!seen.insert(attribute.name()).second) {
      return refuse(node, fmt::format("{} stands twice, expected it once", attribute.name()));
    }
  }
  return {};
}

Result<void> RuleSource::check_attributes(pugi::xml_node node, WordList known) {
  if (auto done = check_twice(node); !done) return done;
  for (const pugi::xml_attribute attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name.starts_with("xmlns") || name.starts_with("xml:") || name.starts_with("xsi:")) {
      continue;
    }
    switch (meaning(known, name, attribute.value())) {
      case Word::Read: break;
      case Word::Ignored: warn(node, fmt::format("{} is not used by this version", name)); break;
      case Word::Unknown: warn(node, fmt::format("unknown attribute {}", name)); break;
      case Word::Unsupported:
        return refuse(node, fmt::format("{}=\"{}\" is not supported by this version", name,
                                        attribute.value()));
    }
  }
  return {};
}

Result<void> RuleSource::read_flag(pugi::xml_node node, const char* name, bool& flag) const {
  const pugi::xml_attribute attribute = node.attribute(name);
  if (attribute.empty()) return {};
  const auto value = parse_boolean(attribute.value());
  if (!value) return refuse(node, name, value.error());
  flag = *value;
  return {};
}

Result<void> RuleSource::read_path(pugi::xml_node node, const char* name, Names names,
                                   std::string& path) const {
  const std::string value = node.attribute(name).value();
  if (value.empty()) {
    path.clear();
    return {};
  }
  // Absolute, since a recording of this rule may be replayed from anywhere.
  const auto beside = std::filesystem::absolute(path_).parent_path();
  std::string found = (beside / value).lexically_normal().string();
  const bool directory_allowed = names == Names::FileOrDirectory;
  const std::string reason = unreadable(found, directory_allowed);
  if (!reason.empty()) {
    return refuse(node, fmt::format("{}: {}: {}, expected a file{} that can be read", name, found,
                                    reason, directory_allowed ? " or a directory" : ""));
  }
  path = std::move(found);
  return {};
}

Result<void> RuleSource::read_upstream_tls(pugi::xml_node node, TlsSettings& tls) const {
  auto done = read_flag(node, "verify", tls.verify);
  if (done && node.attribute("caFile")) done = read_path(node, "caFile", Names::File, tls.ca_file);
  if (done && node.attribute("clientCert")) {
    tls.client_key.clear();  // belongs to the certificate of the element above
    done = read_path(node, "clientCert", Names::File, tls.client_certificate);
  }
  if (done && node.attribute("clientKey")) {
    done = read_path(node, "clientKey", Names::File, tls.client_key);
  }
  if (done && !tls.client_key.empty() && tls.client_certificate.empty()) {
    return refuse(node, "clientKey: expected clientCert with it");
  }
  return done;
}

Result<void> RuleSource::read_own_tls(pugi::xml_node node, TlsSettings& tls) const {
  auto done = read_flag(node, "askClientCert", tls.ask_certificate);
  if (done && node.attribute("cert")) {
    done = read_path(node, "cert", Names::FileOrDirectory, tls.certificate);
  }
  if (done && node.attribute("key")) done = read_path(node, "key", Names::File, tls.key);
  if (!done) return done;
  if (!tls.key.empty() &&
      (tls.certificate.empty() || std::filesystem::is_directory(tls.certificate))) {
    return refuse(node, "key: expected cert with it, and that to be a file");
  }
  const std::string_view least = node.attribute("tlsMin").value();
  if (!least.empty() && std::ranges::find(kTlsVersions, least) == kTlsVersions.end()) {
    return refuse(node, fmt::format("tlsMin: \"{}\": expected one of {}", least,
                                    fmt::join(kTlsVersions, ", ")));
  }
  if (!least.empty()) tls.min_version = least;
  if (const auto ciphers = node.attribute("ciphers")) tls.ciphers = trimmed(ciphers.value());
  return {};
}

Result<void> RuleSource::read_proxy_settings(pugi::xml_node node, ProxySettings& proxy) const {
  if (const auto attribute = node.attribute("connectPorts"); *attribute.value() != '\0') {
    auto ports = parse_port_list(attribute.value());
    if (!ports) return refuse(node, "connectPorts", ports.error());
    proxy.connect_ports = std::move(*ports);
  }
  if (const auto attribute = node.attribute("passthrough"); *attribute.value() != '\0') {
    auto hosts = parse_host_list(attribute.value());
    if (!hosts) return refuse(node, "passthrough", hosts.error());
    proxy.passthrough = std::move(*hosts);
  }
  auto done = read_flag(node, "passthroughOnReject", proxy.passthrough_on_reject);
  if (done) done = read_flag(node, "disableConnectForwarding", proxy.refuse_connect);
  return done;
}

}  // namespace understudy
