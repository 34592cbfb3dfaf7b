// A registration.xml while it is read: names places in it, checks the attributes of its elements,
// reads those that several elements have, and collects warnings. Not for several threads.
//
// Every error is Config with where = "FILE:LINE" and a `what` that begins with the attribute.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "store/rule_words.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

namespace understudy {

class RuleSource {
 public:
  /// `path` is the file's as the user wrote it, `text` what it holds. Both outlive this.
  RuleSource(const std::string& path, const std::string& text) : path_(path), text_(text) {}

  /// "FILE:LINE".
  [[nodiscard]] std::string place(std::ptrdiff_t offset) const;
  [[nodiscard]] std::string place(pugi::xml_node node) const { return place(node.offset_debug()); }

  [[nodiscard]] std::unexpected<Error> refuse(pugi::xml_node node, const std::string& what) const;
  /// An error about the value of an attribute.
  [[nodiscard]] std::unexpected<Error> refuse(pugi::xml_node node, std::string_view attribute,
                                              const Error& error) const;
  void warn(pugi::xml_node node, const std::string& what);
  [[nodiscard]] std::vector<std::string>& warnings() { return warnings_; }

  /// No attribute may stand twice.
  [[nodiscard]] Result<void> check_twice(pugi::xml_node node) const;
  /// That, and warns of what is unknown and what this version ignores. Errors: what it cannot do.
  [[nodiscard]] Result<void> check_attributes(pugi::xml_node node, WordList known);

  // What is not said stays as it is.
  [[nodiscard]] Result<void> read_flag(pugi::xml_node node, const char* name, bool& flag) const;
  /// verify, caFile, clientCert, clientKey: how upstreams are spoken to.
  [[nodiscard]] Result<void> read_upstream_tls(pugi::xml_node node, TlsSettings& tls) const;
  /// cert, key, askClientCert, tlsMin, ciphers.
  [[nodiscard]] Result<void> read_own_tls(pugi::xml_node node, TlsSettings& tls) const;
  /// connectPorts, passthrough, passthroughOnReject, disableConnectForwarding.
  [[nodiscard]] Result<void> read_proxy_settings(pugi::xml_node node, ProxySettings& proxy) const;

 private:
  /// Whether an attribute names a file or, as well, a directory.
  enum class Names : std::uint8_t { File, FileOrDirectory };
  /// A path beside this file, made absolute; empty stays empty. Errors: it cannot be read.
  [[nodiscard]] Result<void> read_path(pugi::xml_node node, const char* name, Names names,
                                       std::string& path) const;

  const std::string& path_;
  const std::string& text_;
  std::vector<std::string> warnings_;
};

}  // namespace understudy
