// How the clients of a served rule are met that speak TLS. For start-up: reads the files that a
// live configuration names.
#pragma once

#include "replayer/replayer.h"
#include "replayer/rule_pairing.h"
#include "replayer/tls_door.h"

#include <memory>
#include <string>
#include <vector>

namespace understudy {

/// Null = the service speaks plain only: its rule does, and either there is no authority or its
/// protocol may let the server speak first. `recorded`: the rule comes from the recording, whose
/// files this machine need not have: certificates are generated instead, and `warnings` says so.
/// Errors: Config (a file, version or cipher that the rule names; no authority where the rule needs
/// one).
[[nodiscard]] Result<std::unique_ptr<TlsDoor>> open_door(const RulePair& pair, bool recorded,
                                                         const ReplayOptions& options,
                                                         std::vector<std::string>& warnings);

}  // namespace understudy
