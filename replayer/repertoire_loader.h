// A recording read once and made ready: one repertoire for each rule that is served.
#pragma once

#include "replayer/repertoire.h"
#include "replayer/replayer.h"
#include "replayer/rule_pairing.h"

#include <memory>
#include <string>
#include <vector>

namespace understudy {

struct LoadedRepertoires {
  std::vector<std::unique_ptr<Repertoire>> by_pair;  ///< in the order of the pairs
  std::vector<std::string> not_served;               ///< as ReplayReport::not_served
};

/// Reads all exchanges of `recording`. Errors: Store; Config (a redaction rule that cannot be read,
/// a protocol that this version does not know).
[[nodiscard]] Result<LoadedRepertoires> load_repertoires(RecordingSource& source,
                                                         const Recording& recording,
                                                         const std::vector<RulePair>& pairs,
                                                         const ReplayOptions& options);

/// Of a reply, more than this stays in the store and is read while it is sent.
inline constexpr std::size_t kMaxBodyInMemory = std::size_t{16} * 1024 * 1024;

}  // namespace understudy
