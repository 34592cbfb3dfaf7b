// What collects the recorded exchanges of one served rule and makes its repertoire of them. Used by
// one thread, while a recording is loaded.
#pragma once

#include "protocols/core/recorded.h"
#include "replayer/repertoire.h"
#include "replayer/replayer.h"
#include "replayer/rule_pairing.h"

#include <cstddef>
#include <memory>
#include <string>

namespace understudy {

class RepertoireBuilder {
 public:
  RepertoireBuilder() = default;
  RepertoireBuilder(const RepertoireBuilder&) = delete;
  RepertoireBuilder& operator=(const RepertoireBuilder&) = delete;
  virtual ~RepertoireBuilder() = default;

  /// `exchange` with all of its request. Returns why it cannot be served, empty = it can.
  virtual std::string add(const RecordedSession& session, RecordedExchange exchange) = 0;
  /// The recorder granted a tunnel with this exchange, which need not be served: we grant our own.
  virtual void tunnel_granted(const RecordedExchange& exchange) { static_cast<void>(exchange); }
  /// Call once, at the end.
  virtual std::unique_ptr<Repertoire> finish() = 0;
};

/// For the rule at `position` among those that are served. Errors: Config (a redaction rule that
/// cannot be read, a protocol that this version does not know, a forward proxy of a protocol that
/// has none).
[[nodiscard]] Result<std::unique_ptr<RepertoireBuilder>> make_builder(const RulePair& pair,
                                                                      std::size_t position,
                                                                      const ReplayOptions& options);

}  // namespace understudy
