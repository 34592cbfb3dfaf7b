#include "store/rule_json.h"

#include <nlohmann/json.hpp>

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
    read(object, "redact", rule.redact);
    read(object, "writtenAt", rule.written_at);
    return rule;
  } catch (const json::exception& problem) {
    return std::unexpected(Error(ErrorSource::Store, "rule", problem.what()));
  }
}

}  // namespace understudy
