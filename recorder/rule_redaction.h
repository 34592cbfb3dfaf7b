// What one rule keeps off the disk, bound to the codec that knows where to look.
// Immutable after make(); shared by all workers.
#pragma once

#include "protocols/content/redactor.h"
#include "protocols/core/error.h"
#include "protocols/core/protocol.h"
#include "protocols/core/rule.h"

#include <optional>

namespace understudy {

class RuleRedaction {
 public:
  /// Nothing where the rule redacts nothing. `key` is the store's key for stand-ins. Error
  /// (Config): a pattern or pointer that does not parse, with the rule's place.
  static Result<std::optional<RuleRedaction>> make(const ForwardRule& rule,
                                                   const Protocol& protocol, Bytes key);

  /// Bodies must be whole before they can be stored.
  [[nodiscard]] bool needs_whole_messages() const { return redactor_.touches_body(); }
  void redact_head(Side from, Bytes& head) const { protocol_->redact_head(from, head, redactor_); }
  /// Returns a note for the exchange, empty = nothing special.
  [[nodiscard]] std::string redact(Side from, Bytes& message) const {
    return protocol_->redact(from, message, redactor_);
  }
  /// Method and resource as the redacted request has them.
  [[nodiscard]] OwnedFacts facts(ByteView request) const { return protocol_->facts(request, {}); }
  /// What a rewrite put in place of something that may have been a secret.
  void redact_replacement(Bytes& replacement) const;

 private:
  RuleRedaction(const Protocol& protocol, Redactor redactor);

  const Protocol* protocol_;
  Redactor redactor_;
};

}  // namespace understudy
