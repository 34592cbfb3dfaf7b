#include "replayer/service_maker.h"

#include <algorithm>
#include <utility>

namespace understudy {

std::string scheme_of(const Protocol& protocol, bool tls, std::string_view otherwise) {
  const auto schemes = protocol.schemes();
  const auto found = std::ranges::find(schemes, tls, &Scheme::tls);
  return std::string(found == schemes.end() ? otherwise : found->name);
}

Result<ExchangeRepertoire::Service> ServiceMaker::exchanges(const Protocol& protocol) const {
  auto secrets = redaction(protocol);
  if (!secrets) return std::unexpected(secrets.error());
  const ForwardRule& recorded = pair_.recorded->rule;
  ExchangeRepertoire::Service service;
  service.protocol = &protocol;
  service.identity = identity(protocol);
  service.plain_scheme = scheme_of(protocol, false, pair_.served.client_scheme);
  service.secure_scheme = scheme_of(protocol, true, pair_.served.client_scheme);
  if (recorded.transparent) {
    service.place_scheme = scheme_of(protocol, recorded.upstream_tls, recorded.upstream_scheme);
  }
  service.redaction = std::move(*secrets);
  service.timing_factor = options_.timing_factor;
  service.after_last = options_.after_last;
  return service;
}

Result<StreamRepertoire::Service> ServiceMaker::streams(const Protocol& protocol) const {
  auto secrets = redaction(protocol);
  if (!secrets) return std::unexpected(secrets.error());
  return StreamRepertoire::Service{identity(protocol), std::move(*secrets), options_.timing_factor,
                                   options_.after_last};
}

ServiceIdentity ServiceMaker::identity(const Protocol& protocol) const {
  return {position_, pair_.served.name, std::string(protocol.name())};
}

/// What was recorded was redacted by the recorded rule; what is asked must be, in the same way.
Result<std::optional<RequestRedaction>> ServiceMaker::redaction(const Protocol& protocol) const {
  const ForwardRule& recorded = pair_.recorded->rule;
  return RequestRedaction::make(protocol, recorded.redact.empty() ? pair_.served : recorded,
                                options_.redaction_key);
}

}  // namespace understudy
