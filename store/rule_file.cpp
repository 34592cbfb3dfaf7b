#include "store/rule_file.h"

#include "store/rule_words.h"
#include "store/xml_text.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
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
      : path_(path), text_(text), schemes_(schemes) {}

  Result<RuleFile> read() {
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text_.data(), text_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
      return std::unexpected(Error(ErrorSource::Config, place(parsed.offset),
                                   fmt::format("not well-formed XML: {}", parsed.description())));
    }
    const pugi::xml_node root = document.document_element();
    if (local_name(root.name()) != "registration") {
      warn(root, fmt::format("root element <{}>, expected <registration>", root.name()));
    }
    auto done = check_attributes(root, kContainerWords);
    if (done) done = read_children(root, false);
    if (!done) return std::unexpected(std::move(done.error()));
    merge_redaction();
    if (done = refuse_proxy_trick(); !done) return std::unexpected(std::move(done.error()));
    return std::move(file_);
  }

 private:
  [[nodiscard]] std::string place(std::ptrdiff_t offset) const {
    return fmt::format("{}:{}", path_, line_at(text_, offset));
  }
  [[nodiscard]] std::string place(pugi::xml_node node) const { return place(node.offset_debug()); }

  void warn(pugi::xml_node node, const std::string& what) {
    file_.warnings.push_back(place(node) + ": " + what);
  }

  [[nodiscard]] std::unexpected<Error> refuse(pugi::xml_node node, const std::string& what) const {
    return std::unexpected(Error(ErrorSource::Config, place(node), what));
  }

  /// An error about the value of an attribute.
  [[nodiscard]] std::unexpected<Error> refuse(pugi::xml_node node, std::string_view attribute,
                                              const Error& error) const {
    return refuse(node, fmt::format("{}: {}", attribute, error.what));
  }

  /// Everything below `node`; `quiet` inside elements that are read past.
  Result<void> read_children(pugi::xml_node node, bool quiet) {
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      if (auto done = read_element(child, quiet); !done) return done;
    }
    return {};
  }

  Result<void> read_element(pugi::xml_node node, bool quiet) {
    const std::string_view name = local_name(node.name());
    if (name == "forward") return read_forward(node);
    if (name == "redact") return read_redact(node, root_redact_);
    if (name == "logger") return read_logger(node);
    if (name == "http-proxy") return read_proxy(node);
    if (name == "proxy") {
      if (auto done = check_attributes(node, kContainerWords); !done) return done;
      return read_children(node, quiet);
    }
    if (auto done = check_twice(node); !done) return done;
    const bool vendor = is_vendor_element(name);
    if (!quiet && vendor && told_.insert(std::string(name)).second) {
      warn(node, fmt::format("<{}> is read past: it says nothing to this program", name));
    }
    if (!quiet && !vendor) warn(node, fmt::format("unknown element <{}>", node.name()));
    return read_children(node, true);
  }

  Result<void> check_twice(pugi::xml_node node) const {
    std::set<std::string_view> seen;
    for (const pugi::xml_attribute attribute : node.attributes()) {
      if (!seen.insert(attribute.name()).second) {
        return refuse(node, fmt::format("{} stands twice, expected it once", attribute.name()));
      }
    }
    return {};
  }

  /// Sorts out what is unknown, what this version ignores and what it cannot do.
  Result<void> check_attributes(pugi::xml_node node, WordList known) {
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

  Result<void> read_forward(pugi::xml_node node) {
    if (auto done = check_attributes(node, kForwardWords); !done) return done;
    ForwardRule rule;
    rule.name = node.attribute("name").value();
    rule.written_at = place(node);
    const std::string_view type = node.attribute("type").value();
    const std::string_view upstream_type = node.attribute("destinationType").value();
    if (auto done = set_schemes(rule, type.empty() ? "tcp" : type, upstream_type, schemes_);
        !done) {
      return refuse(node, upstream_type.empty() ? "type" : "type and destinationType",
                    done.error());
    }
    auto listen = parse_bind(node.attribute("bind").value());
    if (!listen) return refuse(node, "bind", listen.error());
    rule.listen = std::move(*listen);
    if (auto done = read_flag(node, "preserveHost", rule.preserve_host); !done) return done;
    if (auto done = read_forward_children(node, rule); !done) return done;
    const std::uint16_t port = find_scheme(schemes_, rule.upstream_scheme)->default_port;
    auto upstream = parse_destination(node.attribute("destination").value(), port);
    if (!upstream) return refuse(node, "destination", upstream.error());
    rule.upstream = std::move(*upstream);
    if (const auto notice = raw_notice(rule, schemes_)) {
      if (told_.insert("type " + rule.client_scheme).second) file_.warnings.push_back(*notice);
    }
    file_.rules.push_back(std::move(rule));
    return {};
  }

  Result<void> read_forward_children(pugi::xml_node node, ForwardRule& rule) {
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const std::string_view name = local_name(child.name());
      if (name == "redact") {
        if (auto done = read_redact(child, rule.redact); !done) return done;
      } else if (name == "route" || name == "destination") {
        return refuse(child, fmt::format("<{}> is not supported by this version", name));
      } else {
        warn(child, fmt::format("unknown element <{}>", child.name()));
      }
    }
    return {};
  }

  Result<void> read_flag(pugi::xml_node node, const char* name, bool& flag) const {
    const pugi::xml_attribute attribute = node.attribute(name);
    if (attribute.empty()) return {};
    const auto value = parse_boolean(attribute.value());
    if (!value) return refuse(node, name, value.error());
    flag = *value;
    return {};
  }

  Result<void> read_redact(pugi::xml_node node, RedactRules& rules) {
    if (auto done = check_attributes(node, kRedactWords); !done) return done;
    const std::string header = node.attribute("header").value();
    const std::string json = node.attribute("json").value();
    const std::string pattern = node.attribute("pattern").value();
    if (header.empty() && json.empty() && pattern.empty()) {
      return refuse(node, "<redact> names nothing, expected header, json or pattern");
    }
    if (!json.empty() && !json.starts_with('/')) {
      return refuse(node,
                    fmt::format("json: \"{}\": expected a JSON pointer, as in /card/number", json));
    }
    if (!header.empty()) rules.headers.push_back(header);
    if (!json.empty()) rules.json_pointers.push_back(json);
    if (!pattern.empty()) rules.patterns.push_back(pattern);
    return {};
  }

  Result<void> read_logger(pugi::xml_node node) {
    if (auto done = check_attributes(node, kLoggerWords); !done) return done;
    const std::string level = node.attribute("level").value();
    if (level.empty()) return {};
    if (std::ranges::find(kLogLevels, level) == kLogLevels.end()) {
      return refuse(node,
                    fmt::format("level: \"{}\": expected debug, info, warning or error", level));
    }
    file_.log_level = level;
    return {};
  }

  Result<void> read_proxy(pugi::xml_node node) {
    if (auto done = check_attributes(node, kProxyWords); !done) return done;
    RuleFile::Proxy proxy;
    std::string host = node.attribute("bind-address").value();
    if (host.empty()) {
      host = "localhost";
      warn(node, "bind-address is empty: localhost here, all adapters for the vendor's proxy");
    }
    const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
    const std::string port =
        node.attribute("port").as_string(std::to_string(kDefaultProxyPort).c_str());
    auto listen = parse_bind(fmt::format("{}:{}", bare_ipv6 ? "[" + host + "]" : host, port));
    if (!listen) return refuse(node, "bind-address and port", listen.error());
    proxy.listen = std::move(*listen);
    if (auto done = read_flag(node, "disableConnectForwarding", proxy.disable_connect); !done) {
      return done;
    }
    warn(node, "the forward proxy (http-proxy) is not served by this version");
    file_.proxy = std::move(proxy);
    return read_children(node, true);
  }

  /// What holds for all rules is known only at the end of the file.
  void merge_redaction() {
    const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
      to.insert(to.end(), more.begin(), more.end());
    };
    for (ForwardRule& rule : file_.rules) {
      append(rule.redact.headers, root_redact_.headers);
      append(rule.redact.json_pointers, root_redact_.json_pointers);
      append(rule.redact.patterns, root_redact_.patterns);
    }
  }

  /// An untyped rule to our own proxy port (the vendor's hosts-file trick) takes its destination
  /// from each request; that needs the forward proxy.
  Result<void> refuse_proxy_trick() const {
    if (!file_.proxy) return {};
    for (const ForwardRule& rule : file_.rules) {
      if (!arrives_at(rule.upstream, file_.proxy->listen)) continue;
      return std::unexpected(Error(ErrorSource::Config, rule.written_at,
                                   "destination: our own http-proxy is not supported by this "
                                   "version, expected another system"));
    }
    return {};
  }

  const std::string& path_;
  const std::string& text_;
  const SchemeTable& schemes_;
  RuleFile file_;
  RedactRules root_redact_;
  std::set<std::string> told_;  ///< what was warned of once and need not be again
};

}  // namespace

Result<RuleFile> read_rule_file(const std::string& path, const SchemeTable& schemes) {
  auto text = read_xml_text(path);
  if (!text) return std::unexpected(std::move(text.error()));
  return RuleFileReader(path, *text, schemes).read();
}

}  // namespace understudy
