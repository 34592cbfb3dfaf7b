// Live requests made comparable with recorded ones: secrets become the stand-ins that the recorder
// put in their place. Immutable, safe on all threads.
#pragma once

#include "protocols/content/redactor.h"
#include "protocols/core/protocol.h"
#include "protocols/core/rule.h"

#include <optional>

namespace understudy {

class RequestRedaction {
 public:
  /// Nothing where the rule redacts nothing. `key`: the store's key for stand-ins. Error (Config):
  /// a pattern or pointer that cannot be read.
  [[nodiscard]] static Result<std::optional<RequestRedaction>> make(const Protocol& protocol,
                                                                    const ForwardRule& rule,
                                                                    Bytes key);
  /// Changes a whole request in place.
  void apply(Bytes& request) const { protocol_->redact(Side::Client, request, redactor_); }

 private:
  RequestRedaction(const Protocol& protocol, Redactor redactor)
      : protocol_(&protocol), redactor_(std::move(redactor)) {}

  const Protocol* protocol_;
  Redactor redactor_;
};

}  // namespace understudy
