#include "recorder/rule_redaction.h"

#include "protocols/transport/keyed_hash.h"

#include <utility>

namespace understudy {

RuleRedaction::RuleRedaction(const Protocol& protocol, Redactor redactor)
    : protocol_(&protocol), redactor_(std::move(redactor)) {}

Result<std::optional<RuleRedaction>> RuleRedaction::make(const ForwardRule& rule,
                                                         const Protocol& protocol, Bytes key) {
  auto redactor = Redactor::for_rule(rule, keyed_hash_with(std::move(key)));
  if (!redactor) return std::unexpected(std::move(redactor.error()));
  if (!*redactor) return std::nullopt;
  return RuleRedaction(protocol, std::move(**redactor));
}

void RuleRedaction::redact_replacement(Bytes& replacement) const {
  redactor_.patterns(replacement);
  // Edits touch these headers only; one that is named as a secret stays one after its rewriting.
  for (const std::string_view header : {"host", "location", "content-location", "set-cookie"}) {
    if (redactor_.redacts_header(header)) {
      redactor_.stand_in(replacement.data(), replacement.size());
      return;
    }
  }
}

}  // namespace understudy
