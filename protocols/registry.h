// The one list of protocols. Everything that names a protocol (rules, command line, store, UI)
// asks here.
#pragma once

#include "protocols/core/protocol.h"

#include <optional>
#include <span>
#include <string_view>

namespace understudy {

/// All protocols, in the order in which guesses are tried. Static, never empty.
[[nodiscard]] std::span<const Protocol* const> protocols();

/// By name ("http"); null = no such protocol.
[[nodiscard]] const Protocol* find_protocol(std::string_view name);

/// A spelling a rule may use, and the codec behind it.
struct SchemeEntry {
  const Protocol* protocol = nullptr;
  Scheme scheme;
  /// The codec for this scheme is not part of this version: its bytes are recorded and replayed as
  /// raw TCP, and `reindex` of a later version decodes them.
  bool as_raw = false;
};

/// By spelling ("https", "imsconnect"); nothing = not a scheme.
[[nodiscard]] std::optional<SchemeEntry> find_scheme(std::string_view spelling);

/// Every spelling, for messages that list what is allowed.
[[nodiscard]] std::span<const SchemeEntry> all_schemes();

}  // namespace understudy
