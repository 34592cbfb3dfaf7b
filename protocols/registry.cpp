#include "protocols/registry.h"

#include "protocols/http/http_protocol.h"
#include "protocols/raw/raw_protocol.h"

#include <algorithm>
#include <array>
#include <vector>

namespace understudy {
namespace {

/// Spellings that rules may use already although their codecs come later.
constexpr std::array<Scheme, 8> kRelayedAsRaw{{{"mqtt", false, 1883},
                                               {"mqtts", true, 8883},
                                               {"ims", false, 0},
                                               {"imss", true, 0},
                                               {"imsconnect", false, 0},
                                               {"ipic", false, 0},
                                               {"ipics", true, 0},
                                               {"kafka", false, 0}}};

}  // namespace

std::span<const Protocol* const> protocols() {
  // raw says "maybe" to anything, so it stands last.
  static const std::array<const Protocol*, 2> all{&http_protocol(), &raw_protocol()};
  return all;
}

const Protocol* find_protocol(std::string_view name) {
  const auto all = protocols();
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const Protocol* protocol) { return protocol->name() == name; });
  return found == all.end() ? nullptr : *found;
}

std::span<const SchemeEntry> all_schemes() {
  static const std::vector<SchemeEntry> entries = [] {
    std::vector<SchemeEntry> list;
    for (const Protocol* protocol : protocols()) {
      for (const Scheme& scheme : protocol->schemes())
        list.push_back({protocol, scheme, false});
    }
    for (const Scheme& scheme : kRelayedAsRaw)
      list.push_back({&raw_protocol(), scheme, true});
    return list;
  }();
  return entries;
}

std::optional<SchemeEntry> find_scheme(std::string_view spelling) {
  const auto entries = all_schemes();
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const SchemeEntry& entry) {
    return entry.scheme.name == spelling;
  });
  if (found == entries.end()) return std::nullopt;
  return *found;
}

}  // namespace understudy
