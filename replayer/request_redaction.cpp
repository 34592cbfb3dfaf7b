#include "replayer/request_redaction.h"

#include "protocols/transport/keyed_hash.h"

#include <utility>

namespace understudy {

Result<std::optional<RequestRedaction>> RequestRedaction::make(const Protocol& protocol,
                                                               const ForwardRule& rule, Bytes key) {
  if (rule.redact.empty()) return std::nullopt;
  auto stand_in = [key = std::move(key)](ByteView text) { return keyed_hash(key, text); };
  Result<Redactor> redactor = Redactor::make(rule.redact, std::move(stand_in));
  if (!redactor) {
    Error error = redactor.error();
    error.where = rule.written_at;
    return std::unexpected(std::move(error));
  }
  return RequestRedaction(protocol, std::move(*redactor));
}

}  // namespace understudy
