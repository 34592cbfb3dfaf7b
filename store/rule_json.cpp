#include "store/rule_json.h"

#include "store/rule_proxy.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace understudy {
namespace {

using nlohmann::json;

json to_json(const Endpoint& endpoint) {
  return {{"host", endpoint.host}, {"port", endpoint.port}};
}

json to_json(const RedactRules& redact) {
  return {
      {"headers", redact.headers}, {"json", redact.json_pointers}, {"patterns", redact.patterns}};
}

json to_json(const TlsSettings& tls) {
  return {{"certificate", tls.certificate},
          {"key", tls.key},
          {"askCertificate", tls.ask_certificate},
          {"verify", tls.verify},
          {"caFile", tls.ca_file},
          {"clientCertificate", tls.client_certificate},
          {"clientKey", tls.client_key},
          {"minVersion", tls.min_version},
          {"ciphers", tls.ciphers}};
}

/// Everything but the credentials: a password has no business in a recording.
json to_json(const ProxySettings& proxy) {
  return {{"refuseConnect", proxy.refuse_connect},
          {"connectPorts", port_list_text(proxy.connect_ports)},
          {"passthrough", proxy.passthrough},
          {"passthroughOnReject", proxy.passthrough_on_reject},
          {"byHost", proxy.by_host}};
}

template <class T>
void read(const json& object, const char* name, T& into) {
  if (const auto found = object.find(name); found != object.end()) found->get_to(into);
}

void read(const json& object, const char* name, Endpoint& into) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  read(*found, "host", into.host);
  read(*found, "port", into.port);
}

void read(const json& object, const char* name, RedactRules& into) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  read(*found, "headers", into.headers);
  read(*found, "json", into.json_pointers);
  read(*found, "patterns", into.patterns);
}

void read(const json& object, const char* name, TlsSettings& into) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  read(*found, "certificate", into.certificate);
  read(*found, "key", into.key);
  read(*found, "askCertificate", into.ask_certificate);
  read(*found, "verify", into.verify);
  read(*found, "caFile", into.ca_file);
  read(*found, "clientCertificate", into.client_certificate);
  read(*found, "clientKey", into.client_key);
  read(*found, "minVersion", into.min_version);
  read(*found, "ciphers", into.ciphers);
}

/// null = this is no proxy. A list of ports that cannot be read leaves the default.
void read(const json& object, const char* name, std::optional<ProxySettings>& into) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return;
  ProxySettings proxy;
  std::string ports;
  read(*found, "refuseConnect", proxy.refuse_connect);
  read(*found, "connectPorts", ports);
  read(*found, "passthrough", proxy.passthrough);
  read(*found, "passthroughOnReject", proxy.passthrough_on_reject);
  read(*found, "byHost", proxy.by_host);
  if (auto list = parse_port_list(ports)) proxy.connect_ports = std::move(*list);
  into = std::move(proxy);
}

}  // namespace

std::string rule_to_json(const ForwardRule& rule) {
  const json object = {
      {"name", rule.name},
      {"protocol", rule.protocol},
      {"clientScheme", rule.client_scheme},
      {"upstreamScheme", rule.upstream_scheme},
      {"listen", to_json(rule.listen)},
      {"upstream", to_json(rule.upstream)},
      {"pathPrefix", rule.path_prefix},
      {"preserveHost", rule.preserve_host},
      {"clientTls", rule.client_tls},
      {"upstreamTls", rule.upstream_tls},
      {"tls", to_json(rule.tls)},
      {"transparent", rule.transparent},
      {"proxy", rule.proxy ? to_json(*rule.proxy) : json()},
      {"redact", to_json(rule.redact)},
      {"writtenAt", rule.written_at},
  };
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ForwardRule> rule_from_json(std::string_view text) {
  // The library throws on wrong types only; this border turns that into a value.
  try {
    const json object = json::parse(text);
    ForwardRule rule;
    read(object, "name", rule.name);
    read(object, "protocol", rule.protocol);
    read(object, "clientScheme", rule.client_scheme);
    read(object, "upstreamScheme", rule.upstream_scheme);
    read(object, "listen", rule.listen);
    read(object, "upstream", rule.upstream);
    read(object, "pathPrefix", rule.path_prefix);
    read(object, "preserveHost", rule.preserve_host);
    read(object, "clientTls", rule.client_tls);
    read(object, "upstreamTls", rule.upstream_tls);
    read(object, "tls", rule.tls);
    read(object, "transparent", rule.transparent);
    read(object, "proxy", rule.proxy);
    read(object, "redact", rule.redact);
    read(object, "writtenAt", rule.written_at);
    return rule;
  } catch (const json::exception& problem) {
    return std::unexpected(Error(ErrorSource::Store, "rule", problem.what()));
  }
}

}  // namespace understudy
