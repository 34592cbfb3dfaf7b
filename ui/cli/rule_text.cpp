#include "ui/cli/rule_text.h"

#include "protocols/registry.h"
#include "ui/cli/plain_text.h"

#include <fmt/format.h>
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

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

void add_redaction(const RedactRules& redact, std::vector<std::string>& sentences) {
  if (redact.empty()) return;
  std::vector<std::string> what;
  if (!redact.headers.empty()) what.push_back("headers " + joined(redact.headers));
  if (!redact.json_pointers.empty()) what.push_back("JSON " + joined(redact.json_pointers));
  if (!redact.patterns.empty()) what.push_back("patterns " + joined(redact.patterns));
  std::string sentence = "Before anything is stored, stand-ins replace: ";
  for (std::size_t i = 0; i < what.size(); ++i)
    sentence += (i == 0 ? "" : "; ") + what[i];
  sentences.push_back(std::move(sentence));
}

}  // namespace

std::string upstream_url(const ForwardRule& rule) {
  return rule.upstream_scheme + "://" + to_string(rule.upstream) + rule.path_prefix;
}

std::vector<std::string> listening_lines(std::span<const ListeningRule> rules,
                                         std::span<const std::string> upstreams) {
  std::size_t scheme_columns = 0, address_columns = 0, upstream_columns = 0;
  for (const ListeningRule& rule : rules) {
    scheme_columns = std::max(scheme_columns, rule.scheme.size());
    address_columns = std::max(address_columns, rule.address.size());
  }
  for (const std::string& upstream : upstreams) {
    upstream_columns = std::max(upstream_columns, column_count(upstream));
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string line =
        padded(rules[i].scheme, scheme_columns) + "  " + padded(rules[i].address, address_columns);
    if (i < upstreams.size()) line += " → " + padded(upstreams[i], upstream_columns);
    lines.push_back(line + "  (" + rules[i].name + ")");
  }
  return lines;
}

std::vector<std::string> rule_sentences(const ForwardRule& rule) {
  std::vector<std::string> sentences;
  sentences.push_back(fmt::format("{} ({})", rule.name, rule.written_at));
  sentences.push_back(fmt::format("Listens at {}.", listen_words(rule.listen)));
  const auto scheme = find_scheme(rule.client_scheme);
  std::string speaks = fmt::format("Clients speak {}", rule.client_scheme);
  if (scheme && scheme->as_raw) {
    speaks += ", which this version records and replays as raw TCP";
  }
  sentences.push_back(speaks + ".");
  sentences.push_back(fmt::format("Everything goes on to {}.", upstream_url(rule)));
  if (!rule.path_prefix.empty()) {
    sentences.push_back(
        fmt::format("{} is put before the path of each request.", rule.path_prefix));
  }
  if (rule.preserve_host) {
    sentences.push_back("The Host that the client sends is kept (preserveHost).");
  }
  add_redaction(rule.redact, sentences);
  return sentences;
}

}  // namespace understudy
