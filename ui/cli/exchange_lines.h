// Exchanges one a line, for `list`, `show sN` and `search`: id, time, protocol, rule, method,
// resource, status; or one JSON object a line. Lines are printed as they come, so widths are
// settled before the first.
#pragma once

#include "protocols/core/recorded.h"
#include "store/recording_source.h"

#include <span>
#include <string>

namespace understudy {

class ExchangeLines {
 public:
  /// Widths from what the recordings hold. IDs of other recordings than the one named `latest` have
  /// their recording's name and a colon before them.
  ExchangeLines(std::span<const Recording> recordings, std::string latest);

  [[nodiscard]] std::string header() const;
  [[nodiscard]] std::string line(const ExchangeLine& exchange) const;

 private:
  [[nodiscard]] std::string id_text(const std::string& recording, std::int64_t number) const;
  [[nodiscard]] std::string row(const std::string& id, const std::string& time,
                                const std::string& protocol, const std::string& rule,
                                const std::string& method, const std::string& resource) const;

  std::string latest_;
  std::size_t id_columns_ = 2, protocol_columns_ = 8, rule_columns_ = 4;
};

/// "200", "502 understudy", "200 cut by the upstream", "open", "-".
[[nodiscard]] std::string status_text(const ExchangeLine& exchange);

}  // namespace understudy
