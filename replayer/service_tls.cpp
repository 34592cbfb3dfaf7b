#include "replayer/service_tls.h"

#include "protocols/registry.h"
#include "protocols/transport/rule_tls.h"

#include <fmt/format.h>

#include <utility>

namespace understudy {

namespace {

/// Clients may begin with TLS although the rule does not say so: tunnels do, and where a protocol's
/// clients always speak first, both are served on one port.
bool looks_for_tls(const ForwardRule& rule, const Protocol& protocol,
                   const ReplayOptions& options) {
  return rule.client_tls || rule.proxy ||
         (options.authority && protocol.exchange_replay() != nullptr);
}

Result<std::shared_ptr<TlsServerContext>> make_context(ForwardRule rule, const Protocol& protocol,
                                                       bool recorded, const ReplayOptions& options,
                                                       std::vector<std::string>& warnings) {
  auto context = server_context_of(rule, protocol.alpn(), options.authority, &warnings);
  const bool may_do_without = recorded && options.authority && !rule.tls.certificate.empty();
  if (context || !may_do_without) return context;
  warnings.push_back(fmt::format("rule {}: {}; a generated certificate is served instead",
                                 rule.name, describe(context.error())));
  rule.tls.certificate.clear();
  rule.tls.key.clear();
  return server_context_of(rule, protocol.alpn(), options.authority, &warnings);
}

}  // namespace

Result<std::unique_ptr<TlsDoor>> open_door(const RulePair& pair, bool recorded,
                                           const ReplayOptions& options,
                                           std::vector<std::string>& warnings) {
  const ForwardRule& rule = pair.served;
  const Protocol* protocol = find_protocol(pair.recorded->rule.protocol);
  if (protocol == nullptr || !looks_for_tls(rule, *protocol, options)) return nullptr;
  std::shared_ptr<TlsServerContext> made;
  if (rule.client_tls || options.authority) {
    auto context = make_context(rule, *protocol, recorded, options, warnings);
    if (!context) return std::unexpected(context.error());
    made = std::move(*context);
  }
  return std::make_unique<TlsDoor>(std::move(made), rule.name, options.handshake_timeout);
}

}  // namespace understudy
