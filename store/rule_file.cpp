#include "store/rule_file.h"

#include "store/rule_proxy.h"
#include "store/rule_source.h"
#include "store/rule_words.h"
#include "store/xml_text.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace understudy {
namespace {

/// The vendor's default of http-proxy.
constexpr std::uint16_t kDefaultProxyPort = 3128;

/// "x:forward" is "forward": any namespace will do.
std::string_view local_name(std::string_view name) {
  return name.substr(name.find(':') + 1);
}

class RuleFileReader {
 public:
  RuleFileReader(const std::string& path, const std::string& text, const SchemeTable& schemes)
      : text_(text), schemes_(schemes), source_(path, text) {}

  Result<RuleFile> read() {
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text_.data(), text_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
      return std::unexpected(Error(ErrorSource::Config, source_.place(parsed.offset),
                                   fmt::format("not well-formed XML: {}", parsed.description())));
    }
    const pugi::xml_node root = document.document_element();
    if (local_name(root.name()) != "registration") {
      source_.warn(root, fmt::format("root element <{}>, expected <registration>", root.name()));
    }
    auto done = read_container(root, {}, false);
    if (done) done = complete();
    if (!done) return std::unexpected(std::move(done.error()));
    file_.warnings = std::move(source_.warnings());
    return std::move(file_);
  }

 private:
  /// A rule and the element that it was read from.
  struct Written {
    pugi::xml_node node;
    ForwardRule rule;
  };

  /// The root, or a proxy element: what it says holds for everything below. `quiet` inside
  /// elements that are read past.
  Result<void> read_container(pugi::xml_node node, TlsSettings above, bool quiet) {
    auto done = source_.check_attributes(node, kContainerWords);
    if (done) done = source_.read_upstream_tls(node, above);
    bool refused = false;
    if (done) done = source_.read_flag(node, "disableConnectForwarding", refused);
    connect_refused_ |= refused;
    return done ? read_children(node, above, quiet) : done;
  }

  Result<void> read_children(pugi::xml_node node, const TlsSettings& above, bool quiet) {
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      if (auto done = read_element(child, above, quiet); !done) return done;
    }
    return {};
  }

  Result<void> read_element(pugi::xml_node node, const TlsSettings& above, bool quiet) {
    const std::string_view name = local_name(node.name());
    if (name == "forward") return read_forward(node, above);
    if (name == "redact") return read_redact(node, root_redact_);
    if (name == "logger") return read_logger(node);
    if (name == "http-proxy") return read_proxy(node, above);
    if (name == "proxy") return read_container(node, above, quiet);
    if (auto done = source_.check_twice(node); !done) return done;
    const bool vendor = is_vendor_element(name);
    if (!quiet && vendor && told_.insert(std::string(name)).second) {
      source_.warn(node, fmt::format("<{}> is read past: it says nothing to this program", name));
    }
    if (!quiet && !vendor) source_.warn(node, fmt::format("unknown element <{}>", node.name()));
    return read_children(node, above, true);
  }

  Result<void> read_forward(pugi::xml_node node, const TlsSettings& above) {
    ForwardRule rule;
    rule.name = node.attribute("name").value();
    rule.written_at = source_.place(node);
    rule.tls = above;
    auto done = source_.check_attributes(node, kForwardWords);
    if (done) done = read_ends(node, rule);
    if (done) done = source_.read_flag(node, "preserveHost", rule.preserve_host);
    if (done) done = read_tls(node, rule.tls);
    if (done) done = read_forward_children(node, rule);
    if (!done) return done;
    if (const auto notice = raw_notice(rule, schemes_)) {
      if (told_.insert("type " + rule.client_scheme).second) {
        source_.warnings().push_back(*notice);
      }
    }
    forwards_.push_back({node, std::move(rule)});
    return {};
  }

  /// Where a forward listens and where it leads.
  Result<void> read_ends(pugi::xml_node node, ForwardRule& rule) {
    const std::string_view type = node.attribute("type").value();
    const std::string_view upstream_type = node.attribute("destinationType").value();
    if (auto done = set_schemes(rule, type.empty() ? "tcp" : type, upstream_type, schemes_);
        !done) {
      return source_.refuse(node, upstream_type.empty() ? "type" : "type and destinationType",
                            done.error());
    }
    auto listen = parse_bind(node.attribute("bind").value());
    if (!listen) return source_.refuse(node, "bind", listen.error());
    rule.listen = std::move(*listen);
    if (auto done = source_.read_flag(node, "transparent", rule.transparent); !done) return done;
    const pugi::xml_attribute destination = node.attribute("destination");
    if (rule.transparent && destination.empty()) return {};
    const std::uint16_t port = find_scheme(schemes_, rule.upstream_scheme)->default_port;
    auto upstream = parse_destination(destination.value(), port);
    if (!upstream) return source_.refuse(node, "destination", upstream.error());
    if (rule.transparent) {
      source_.warn(node, "destination is not used: a transparent rule has it from the kernel");
    } else {
      rule.upstream = std::move(*upstream);
    }
    return {};
  }

  [[nodiscard]] Result<void> read_tls(pugi::xml_node node, TlsSettings& tls) const {
    const auto done = source_.read_upstream_tls(node, tls);
    return done ? source_.read_own_tls(node, tls) : done;
  }

  Result<void> read_forward_children(pugi::xml_node node, ForwardRule& rule) {
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const std::string_view name = local_name(child.name());
      if (name == "redact") {
        if (auto done = read_redact(child, rule.redact); !done) return done;
      } else if (name == "route" || name == "destination") {
        return source_.refuse(child, fmt::format("<{}> is not supported by this version", name));
      } else {
        source_.warn(child, fmt::format("unknown element <{}>", child.name()));
      }
    }
    return {};
  }

  Result<void> read_redact(pugi::xml_node node, RedactRules& rules) {
    if (auto done = source_.check_attributes(node, kRedactWords); !done) return done;
    const std::string header = node.attribute("header").value();
    const std::string json = node.attribute("json").value();
    const std::string pattern = node.attribute("pattern").value();
    if (header.empty() && json.empty() && pattern.empty()) {
      return source_.refuse(node, "<redact> names nothing, expected header, json or pattern");
    }
    if (!json.empty() && !json.starts_with('/')) {
      return source_.refuse(
          node, fmt::format("json: \"{}\": expected a JSON pointer, as in /card/number", json));
    }
    if (!header.empty()) rules.headers.push_back(header);
    if (!json.empty()) rules.json_pointers.push_back(json);
    if (!pattern.empty()) rules.patterns.push_back(pattern);
    return {};
  }

  Result<void> read_logger(pugi::xml_node node) {
    if (auto done = source_.check_attributes(node, kLoggerWords); !done) return done;
    const std::string level = node.attribute("level").value();
    if (level.empty()) return {};
    if (std::ranges::find(kLogLevels, level) == kLogLevels.end()) {
      return source_.refuse(
          node, fmt::format("level: \"{}\": expected debug, info, warning or error", level));
    }
    file_.log_level = level;
    return {};
  }

  Result<void> read_proxy(pugi::xml_node node, const TlsSettings& above) {
    if (auto done = source_.check_attributes(node, kProxyWords); !done) return done;
    std::string host = node.attribute("bind-address").value();
    if (host.empty()) {
      host = "localhost";
      source_.warn(node,
                   "bind-address is empty: localhost here, all adapters for the vendor's proxy");
    }
    const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
    const std::string port =
        node.attribute("port").as_string(std::to_string(kDefaultProxyPort).c_str());
    auto listen = parse_bind(fmt::format("{}:{}", bare_ipv6 ? "[" + host + "]" : host, port));
    if (!listen) return source_.refuse(node, "bind-address and port", listen.error());
    ForwardRule rule = proxy_rule(std::move(*listen), source_.place(node));
    rule.tls = above;
    auto done = read_tls(node, rule.tls);
    if (done) done = source_.read_proxy_settings(node, *rule.proxy);
    if (done) done = read_proxy_children(node, rule);
    if (done) proxies_.push_back({node, std::move(rule)});
    return done;
  }

  /// Its redaction is its own; everything else may stand there as anywhere.
  Result<void> read_proxy_children(pugi::xml_node node, ForwardRule& rule) {
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const bool redact = local_name(child.name()) == "redact";
      auto done = redact ? read_redact(child, rule.redact) : read_element(child, rule.tls, true);
      if (!done) return done;
    }
    return {};
  }

  /// What is known only at the end of the file.
  Result<void> complete() {
    std::vector<ForwardRule> proxies;
    for (Written& proxy : proxies_) {
      const bool says_so = !proxy.node.attribute("disableConnectForwarding").empty();
      if (connect_refused_ && !says_so) proxy.rule.proxy->refuse_connect = true;
      proxies.push_back(proxy.rule);
    }
    for (Written& forward : forwards_) {
      if (auto done = complete_by_host(forward, proxies); !done) return done;
      warn_of_idle_tls(forward);
      file_.rules.push_back(std::move(forward.rule));
    }
    std::ranges::move(proxies, std::back_inserter(file_.rules));
    for (ForwardRule& rule : file_.rules)
      merge_redaction(rule.redact);
    return {};
  }

  /// A forward to a proxy of this file goes through it, with its settings beneath the forward's
  /// own.
  Result<void> complete_by_host(Written& forward, const std::vector<ForwardRule>& proxies) {
    ProxySettings own;
    if (auto done = source_.read_proxy_settings(forward.node, own); !done) return done;
    ForwardRule& rule = forward.rule;
    const ForwardRule* proxy = proxy_behind(rule, proxies);
    if (proxy == nullptr) {
      if (!own.connect_ports.empty()) {
        source_.warn(forward.node, "connectPorts is not used: this is no forward proxy");
      }
      return {};
    }
    rule.tls = proxy->tls;
    if (auto done = read_tls(forward.node, rule.tls); !done) return done;
    make_by_host(rule, *proxy);
    if (!own.connect_ports.empty()) rule.proxy->connect_ports = std::move(own.connect_ports);
    return {};
  }

  /// Words about TLS on a rule that speaks none: most likely its type was forgotten.
  void warn_of_idle_tls(const Written& forward) {
    const ForwardRule& rule = forward.rule;
    if (rule.proxy || rule.transparent) return;
    const auto warn = [&](std::string_view name, std::string_view harmless, const char* why) {
      const std::string_view value = forward.node.attribute(std::string(name).c_str()).value();
      if (value.empty() || value == harmless) return;
      source_.warn(forward.node, fmt::format("{} is not used: {}", name, why));
    };
    for (const std::string_view name : {"verify", "caFile", "clientCert", "clientKey"}) {
      if (!rule.upstream_tls) warn(name, "true", "the upstream is not spoken to in TLS");
    }
    for (const std::string_view name : {"cert", "key", "askClientCert"}) {
      if (!rule.client_tls) warn(name, "false", "clients do not speak TLS here");
    }
    for (const std::string_view name : {"tlsMin", "ciphers"}) {
      if (!rule.client_tls && !rule.upstream_tls) warn(name, "", "this rule speaks no TLS");
    }
  }

  void merge_redaction(RedactRules& rules) const {
    const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
      to.insert(to.end(), more.begin(), more.end());
    };
    append(rules.headers, root_redact_.headers);
    append(rules.json_pointers, root_redact_.json_pointers);
    append(rules.patterns, root_redact_.patterns);
  }

  const std::string& text_;
  const SchemeTable& schemes_;
  RuleSource source_;
  RuleFile file_;
  std::vector<Written> forwards_, proxies_;
  RedactRules root_redact_;
  bool connect_refused_ = false;  ///< by the root or a proxy element, wherever in the file
  std::set<std::string> told_;    ///< what was warned of once and need not be again
};

}  // namespace

Result<RuleFile> read_rule_file(const std::string& path, const SchemeTable& schemes) {
  auto text = read_xml_text(path);
  if (!text) return std::unexpected(std::move(text.error()));
  return RuleFileReader(path, *text, schemes).read();
}

}  // namespace understudy
