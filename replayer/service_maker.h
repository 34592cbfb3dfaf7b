// What the repertoires of one served rule are made of besides what was recorded. For the load of a
// recording, one thread.
#pragma once

#include "replayer/exchange_repertoire.h"
#include "replayer/replayer.h"
#include "replayer/rule_pairing.h"
#include "replayer/stream_repertoire.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

/// The protocol's own scheme with or without TLS; `otherwise` where it has none such.
[[nodiscard]] std::string scheme_of(const Protocol& protocol, bool tls,
                                    std::string_view otherwise = {});

class ServiceMaker {
 public:
  /// `pair` and `options` outlive it. `position`: of the rule among those that are served.
  ServiceMaker(const RulePair& pair, std::size_t position, const ReplayOptions& options)
      : pair_(pair), position_(position), options_(options) {}

  /// For what is spoken in `protocol`, which may be another one than the rule's (in a tunnel).
  /// Errors: Config (a redaction rule that cannot be read).
  [[nodiscard]] Result<ExchangeRepertoire::Service> exchanges(const Protocol& protocol) const;
  [[nodiscard]] Result<StreamRepertoire::Service> streams(const Protocol& protocol) const;

 private:
  [[nodiscard]] ServiceIdentity identity(const Protocol& protocol) const;
  [[nodiscard]] Result<std::optional<RequestRedaction>> redaction(const Protocol& protocol) const;

  const RulePair& pair_;
  const std::size_t position_;
  const ReplayOptions& options_;
};

}  // namespace understudy
