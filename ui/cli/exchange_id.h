// IDs of the command line: N an exchange of the latest recording, sN a session of it, NAME:N and
// NAME:sN of another. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

struct ExchangeId {
  std::string recording;  ///< empty = the latest
  bool is_session = false;
  std::int64_t number = 0;  ///< from 1
  friend bool operator==(const ExchangeId&, const ExchangeId&) = default;
};

/// Nothing: not an ID. The last colon divides, since names may hold colons (times do).
[[nodiscard]] std::optional<ExchangeId> parse_exchange_id(std::string_view text);

/// The ID as a user types it; `recording` empty where it is the latest.
[[nodiscard]] std::string exchange_id_text(std::string_view recording, std::int64_t number);

}  // namespace understudy
