#include "ui/cli/rule_text.h"

#include "protocols/registry.h"
#include "ui/cli/plain_text.h"
#include "ui/cli/tls_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>

namespace understudy {

namespace {

std::string listen_words(const Endpoint& at) {
  const std::string port =
      at.port == 0 ? "any free port (printed at the start)" : fmt::format("port {}", at.port);
  if (at.host == "localhost") return fmt::format("{} of this machine only (127.0.0.1, ::1)", port);
  if (at.host == "0.0.0.0") return fmt::format("{} of all IPv4 adapters", port);
  if (at.host.empty() || at.host == "::") return fmt::format("{} of all adapters", port);
  return fmt::format("{} of the adapter {}", port, at.host);
}

void add_redaction(const RedactRules& redact, std::vector<std::string>& sentences) {
  if (redact.empty()) return;
  std::vector<std::string> what;
  if (!redact.headers.empty())
    what.push_back("headers " + fmt::format("{}", fmt::join(redact.headers, ", ")));
  if (!redact.json_pointers.empty())
    what.push_back("JSON " + fmt::format("{}", fmt::join(redact.json_pointers, ", ")));
  if (!redact.patterns.empty())
    what.push_back("patterns " + fmt::format("{}", fmt::join(redact.patterns, ", ")));
  std::string sentence = "Before anything is stored, stand-ins replace: ";
  for (std::size_t i = 0; i < what.size(); ++i)
    sentence += (i == 0 ? "" : "; ") + what[i];
  sentences.push_back(std::move(sentence));
}

/// In the place of an upstream.
constexpr const char* kAnywhere = "wherever clients want";

std::string client_words(const ForwardRule& rule) {
  std::string words = fmt::format("Clients speak {}", rule.client_scheme);
  const auto scheme = find_scheme(rule.client_scheme);
  if (scheme && scheme->as_raw) {
    words += ", which this version records and replays as raw TCP";
  }
  return words + ".";
}

void add_destination(const ForwardRule& rule, std::vector<std::string>& sentences) {
  if (rule.transparent) {
    sentences.push_back(fmt::format(
        "Connections that the kernel redirects here go on to where they were going, as {}.",
        rule.upstream_scheme));
  } else {
    sentences.push_back(fmt::format("Everything goes on to {}.", upstream_url(rule)));
  }
  if (!rule.path_prefix.empty()) {
    sentences.push_back(
        fmt::format("{} is put before the path of each request.", rule.path_prefix));
  }
  if (rule.preserve_host) {
    sentences.push_back("The Host that the client sends is kept (preserveHost).");
  }
}

}  // namespace

std::string upstream_url(const ForwardRule& rule) {
  if (rule.proxy || rule.transparent) return "";
  return rule.upstream_scheme + "://" + to_string(rule.upstream) + rule.path_prefix;
}

std::vector<std::string> listening_lines(std::span<const ListeningRule> rules,
                                         std::span<const std::string> upstreams) {
  std::size_t scheme_columns = 0, address_columns = 0, upstream_columns = 0;
  for (const ListeningRule& rule : rules) {
    scheme_columns = std::max(scheme_columns, rule.scheme.size());
    address_columns = std::max(address_columns, rule.address.size());
  }
  std::vector<std::string> shown;
  for (const std::string& upstream : upstreams) {
    shown.push_back(upstream.empty() ? kAnywhere : upstream);
    upstream_columns = std::max(upstream_columns, column_count(shown.back()));
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string line =
        padded(rules[i].scheme, scheme_columns) + "  " + padded(rules[i].address, address_columns);
    if (i < shown.size()) line += " → " + padded(shown[i], upstream_columns);
    lines.push_back(line + "  (" + rules[i].name + ")");
  }
  return lines;
}

std::vector<std::string> rule_sentences(const ForwardRule& rule) {
  std::vector<std::string> sentences;
  sentences.push_back(fmt::format("{} ({})", rule.name, rule.written_at));
  sentences.push_back(fmt::format("Listens at {}.", listen_words(rule.listen)));
  if (rule.proxy) {
    add_proxy_words(rule, sentences);
  } else {
    sentences.push_back(client_words(rule));
  }
  if (rule.client_tls || rule.proxy) add_server_words(rule, sentences);
  if (!rule.proxy) add_destination(rule, sentences);
  if (rule.upstream_tls || rule.proxy) add_upstream_words(rule.tls, sentences);
  add_version_words(rule, sentences);
  add_redaction(rule.redact, sentences);
  return sentences;
}

}  // namespace understudy
