#include "ui/cli/command_environment.h"

#include "protocols/content/percent.h"
#include "protocols/transport/trust_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>

namespace understudy {

namespace {

/// "127.0.0.1:7070" of "http://127.0.0.1:7070/".
std::string_view authority_of(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  return url.substr(0, url.find('/'));
}

/// An address of ours, also by the name that people write.
void add_own(std::string_view address, std::vector<std::string>& list) {
  list.emplace_back(address);
  for (const std::string_view loopback : {"127.0.0.1", "[::1]"}) {
    if (address.starts_with(loopback)) {
      list.push_back(fmt::format("localhost{}", address.substr(loopback.size())));
    }
  }
}

std::vector<std::string_view> items(std::string_view list) {
  std::vector<std::string_view> found;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    if (end > 0) found.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return found;
}

/// NO_PROXY as Java has it: '|' between hosts, '*' for what is below them, no ports.
std::string java_direct(std::string_view direct) {
  std::vector<std::string> hosts;
  for (std::string_view item : items(direct)) {
    if (item.find(':') != std::string_view::npos) continue;
    const bool all = item == "*";
    while (!all && (item.starts_with('*') || item.starts_with('.')))
      item.remove_prefix(1);
    hosts.emplace_back(item);
    if (!all) hosts.push_back(fmt::format("*.{}", item));
  }
  return fmt::format("{}", fmt::join(hosts, "|"));
}

/// A word of NODE_OPTIONS.
std::string node_word(std::string_view word) {
  if (word.find_first_of(" \"\\") == std::string_view::npos) return std::string(word);
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

/// Appends a word to JAVA_TOOL_OPTIONS, where quotes hold everything but themselves.
void append_java(std::string& options, std::string_view word) {
  if (!options.empty()) options += ' ';
  if (word.find_first_of(" \t'\"") == std::string_view::npos) {
    options += word;
    return;
  }
  const char quote = word.find('"') == std::string_view::npos ? '"' : '\'';
  options += quote;
  options += word;
  options += quote;
}

}  // namespace

std::string ProxyAccess::url() const {
  std::string login;
  if (!credentials.empty()) {
    const std::size_t colon = credentials.find(':');
    append_percent_encoded(credentials.substr(0, colon), login);
    login += ':';
    append_percent_encoded(credentials.substr(colon + 1), login);
    login += '@';
  }
  return "http://" + login + address;
}

ProxyAccess proxy_access(std::span<const ListeningRule> rules, const std::string& credentials,
                         const std::string& asked, const std::string& ui_url) {
  ProxyAccess access;
  const auto proxy = std::ranges::find_if(rules, &ListeningRule::is_proxy);
  if (proxy == rules.end()) return access;
  access.address = proxy->address;
  access.credentials = credentials;
  std::vector<std::string> direct;
  if (!asked.empty()) direct.push_back(asked);
  for (const ListeningRule& rule : rules) {
    if (!rule.is_proxy) add_own(rule.address, direct);
  }
  if (!ui_url.empty()) add_own(authority_of(ui_url), direct);
  access.direct = fmt::format("{}", fmt::join(direct, ","));
  return access;
}

std::vector<EnvironmentVariable> proxy_variables(const ProxyAccess& proxy) {
  std::vector<EnvironmentVariable> variables;
  if (proxy.address.empty()) return variables;
  for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) {
    variables.emplace_back(name, proxy.url());
  }
  for (const char* name : {"NO_PROXY", "no_proxy"})
    variables.emplace_back(name, proxy.direct);
  return variables;
}

std::vector<EnvironmentVariable> trust_variables(const CommandPaths& paths) {
  if (paths.bundle.empty()) return {};
  return {{"CURL_CA_BUNDLE", paths.bundle},         {"SSL_CERT_FILE", paths.bundle},
          {"REQUESTS_CA_BUNDLE", paths.bundle},     {"GIT_SSL_CAINFO", paths.bundle},
          {"NODE_EXTRA_CA_CERTS", paths.authority}, {"WGETRC", paths.wgetrc}};
}

std::string java_options(std::string_view inherited, const CommandPaths& paths,
                         const ProxyAccess& proxy) {
  std::string options(inherited);
  if (!paths.java_store.empty()) {
    append_java(options, "-Djavax.net.ssl.trustStore=" + paths.java_store);
    append_java(options, "-Djavax.net.ssl.trustStoreType=PKCS12");
    append_java(options, fmt::format("-Djavax.net.ssl.trustStorePassword={}", kTrustStorePassword));
  }
  if (!proxy.address.empty()) {
    const std::size_t colon = proxy.address.rfind(':');
    for (const char* scheme : {"http", "https"}) {
      append_java(options,
                  fmt::format("-D{}.proxyHost={}", scheme, proxy.address.substr(0, colon)));
      append_java(options,
                  fmt::format("-D{}.proxyPort={}", scheme, proxy.address.substr(colon + 1)));
    }
    // Without it Java reaches localhost directly.
    append_java(options, "-Dhttp.nonProxyHosts=" + java_direct(proxy.direct));
  }
  return options;
}

std::string node_options(std::string_view inherited, const CommandPaths& paths) {
  std::string options(inherited);
  if (!options.empty()) options += ' ';
  options += "--require " + node_word(paths.node_preload);
  return options;
}

std::string wgetrc_text(std::string_view inherited, const CommandPaths& paths,
                        const ProxyAccess& proxy) {
  std::string text(inherited);
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += fmt::format("ca_certificate = {}\n", paths.bundle);
  if (!proxy.address.empty()) {
    // What these files say of proxies comes before the environment.
    text += fmt::format("use_proxy = on\nhttp_proxy = {0}\nhttps_proxy = {0}\nno_proxy = {1}\n",
                        proxy.url(), proxy.direct);
  }
  return text;
}

}  // namespace understudy
