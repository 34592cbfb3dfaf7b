#include "ui/cli/exchange_lines.h"

#include "protocols/registry.h"
#include "ui/cli/exchange_id.h"
#include "ui/cli/plain_text.h"
#include "ui/web/utc_text.h"

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

/// "OPTIONS" fits; longer methods push their line to the right.
constexpr std::size_t kMethodColumns = 7;
/// "2026-11-21T09:13:14.474Z".
constexpr std::size_t kTimeColumns = 24;
/// Most resources; the status of longer ones stands further right.
constexpr std::size_t kResourceColumns = 40;

/// Where a protocol names no resource, how much was said is what tells exchanges apart.
std::string sizes_text(const ExchangeLine& exchange) {
  return "(" + size_text(exchange.request_size) + " sent, " + size_text(exchange.reply_size) +
         " received)";
}

}  // namespace

ExchangeLines::ExchangeLines(std::span<const Recording> recordings, std::string latest)
    : latest_(std::move(latest)) {
  for (const Protocol* protocol : protocols()) {
    protocol_columns_ = std::max(protocol_columns_, protocol->name().size());
  }
  for (const Recording& recording : recordings) {
    id_columns_ = std::max(id_columns_, column_count(id_text(recording.name, recording.exchanges)));
    for (const RecordedRule& rule : recording.rules) {
      rule_columns_ = std::max(rule_columns_, column_count(printable(rule.rule.name)));
    }
  }
}

std::string ExchangeLines::id_text(const std::string& recording, std::int64_t number) const {
  return exchange_id_text(recording == latest_ ? "" : printable(recording), number);
}

std::string ExchangeLines::row(const std::string& id, const std::string& time,
                               const std::string& protocol, const std::string& rule,
                               const std::string& method, const std::string& resource) const {
  const std::size_t has = column_count(id);
  const std::string indent(has < id_columns_ ? id_columns_ - has : 0, ' ');
  return indent + id + "  " + padded(time, kTimeColumns) + "  " +
         padded(protocol, protocol_columns_) + "  " + padded(rule, rule_columns_) + "  " +
         padded(method, kMethodColumns) + "  " + padded(resource, kResourceColumns) + "  ";
}

std::string ExchangeLines::header() const {
  return row("ID", "TIME", "PROTOCOL", "RULE", "METHOD", "RESOURCE") + "STATUS";
}

std::string ExchangeLines::line(const ExchangeLine& exchange) const {
  return row(id_text(exchange.recording, exchange.number), utc_text(exchange.started_at),
             exchange.protocol, printable(exchange.rule), printable(exchange.method),
             exchange.resource.empty() ? sizes_text(exchange) : printable(exchange.resource)) +
         status_text(exchange);
}

std::string status_text(const ExchangeLine& exchange) {
  std::string text = exchange.status == 0 ? "" : std::to_string(exchange.status);
  const auto add = [&text](std::string_view word) {
    if (!text.empty()) text += ' ';
    text += word;
  };
  if (exchange.origin == Origin::Understudy) add("understudy");
  if (exchange.open) {
    add("open");
  } else if (exchange.ending != Ending::Complete && exchange.origin == Origin::Upstream) {
    add(ending_text(exchange.ending));
  }
  return text.empty() ? "-" : text;
}

}  // namespace understudy
