#include "replayer/request_redaction.h"

#include "protocols/transport/keyed_hash.h"

#include <utility>

namespace understudy {

Result<std::optional<RequestRedaction>> RequestRedaction::make(const Protocol& protocol,
                                                               const ForwardRule& rule, Bytes key) {
  auto redactor = Redactor::for_rule(rule, keyed_hash_with(std::move(key)));
  if (!redactor) return std::unexpected(std::move(redactor.error()));
  if (!*redactor) return std::nullopt;
  return RequestRedaction(protocol, std::move(**redactor));
}

}  // namespace understudy
