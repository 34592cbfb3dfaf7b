// The places (protocols/core/place.h) of upstream connections, for putting exchanges together. Most
// recordings have none, and then looking one up costs a comparison. Immutable, safe on any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/tape.h"
#include "store/sqlite.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace understudy {

class UpstreamPlaces {
 public:
  UpstreamPlaces() = default;  ///< none
  UpstreamPlaces(UpstreamPlaces&&) = default;
  UpstreamPlaces& operator=(UpstreamPlaces&&) = default;
  /// Those of the sessions with row ids [first, end). The store has version kVersionWithTls.
  [[nodiscard]] static Result<UpstreamPlaces> read(Database& database, std::int64_t first,
                                                   std::int64_t end);

  /// Empty: its rule says where it led, or there was no such connection.
  [[nodiscard]] std::string of(std::int64_t session, UpstreamNo upstream) const {
    if (by_connection_.empty()) return {};
    const auto found = by_connection_.find(key(session, upstream));
    return found == by_connection_.end() ? std::string() : *found->second;
  }

 private:
  [[nodiscard]] static std::uint64_t key(std::int64_t session, UpstreamNo upstream) {
    return static_cast<std::uint64_t>(session) << 16 | upstream;
  }

  std::unordered_set<std::string> names_;  ///< each once: a test talks to few places, often
  std::unordered_map<std::uint64_t, const std::string*> by_connection_;  ///< into names_
};

}  // namespace understudy
