#include "recorder/rule_redaction.h"

#include "protocols/transport/keyed_hash.h"

#include <utility>

namespace understudy {

RuleRedaction::RuleRedaction(const Protocol& protocol, Redactor redactor)
    : protocol_(&protocol), redactor_(std::move(redactor)) {}

Result<std::optional<RuleRedaction>> RuleRedaction::make(const ForwardRule& rule,
                                                         const Protocol& protocol, Bytes key) {
  if (rule.redact.empty()) return std::nullopt;
  auto stand_in = [key = std::move(key)](ByteView text) { return keyed_hash(key, text); };
  Result<Redactor> redactor = Redactor::make(rule.redact, std::move(stand_in));
  if (!redactor) {
    Error error = redactor.error();
    error.where = rule.written_at;
    return std::unexpected(std::move(error));
  }
  return RuleRedaction(protocol, std::move(*redactor));
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
