#include "ui/cli/exchange_id.h"

#include "ui/cli/option_values.h"

#include <limits>

namespace understudy {

std::optional<ExchangeId> parse_exchange_id(std::string_view text) {
  ExchangeId id;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    if (colon == 0) return std::nullopt;
    id.recording = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with('s')) {
    id.is_session = true;
    text.remove_prefix(1);
  }
  const auto number = parse_count(text, std::numeric_limits<std::int64_t>::max());
  if (!number || *number == 0) return std::nullopt;
  id.number = static_cast<std::int64_t>(*number);
  return id;
}

std::string exchange_id_text(std::string_view recording, std::int64_t number) {
  std::string text(recording);
  if (!text.empty()) text += ':';
  return text + std::to_string(number);
}

}  // namespace understudy
