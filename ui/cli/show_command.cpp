#include "ui/cli/show_command.h"

#include "ui/cli/exchange_json.h"
#include "ui/cli/exchange_lines.h"
#include "ui/cli/exchange_view.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/line_json.h"
#include "ui/cli/store_access.h"

#include <fmt/format.h>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

/// Of each message in --json; larger ones are marked truncated.
constexpr std::size_t kJsonBytes = std::size_t{16} * 1024 * 1024;

Result<void> show_one(RecordingSource& source, const ExchangeLine& line, ShowArguments::As as) {
  switch (as) {
    case ShowArguments::As::Text: return print_exchange(source, line);
    case ShowArguments::As::Hex: return print_hex(source, line);
    case ShowArguments::As::Raw: return print_raw(source, line);
    case ShowArguments::As::Json: break;
  }
  const Result<RecordedExchange> exchange = source.exchange(line.id, kJsonBytes);
  if (!exchange) return std::unexpected(exchange.error());
  const auto tls = upstream_tls(source, *exchange);
  if (!tls) return std::unexpected(tls.error());
  fmt::print("{}\n", json_text(exchange_json(line, *exchange, *tls ? &**tls : nullptr)));
  return {};
}

Result<std::vector<ExchangeLine>> lines_of(RecordingSource& source, const FoundSession& found) {
  std::vector<ExchangeLine> lines;
  const Result<void> read = source.each_line(found.recording.id, [&](const ExchangeLine& line) {
    if (line.session_number == found.session.number) lines.push_back(line);
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return lines;
}

Result<void> show_session(RecordingSource& source, const ExchangeId& id, ShowArguments::As as) {
  const Result<FoundSession> found = find_session(source, id);
  if (!found) return std::unexpected(found.error());
  const Result<std::vector<ExchangeLine>> lines = lines_of(source, *found);
  if (!lines) return std::unexpected(lines.error());
  if (as == ShowArguments::As::Json) {
    nlohmann::ordered_json out = session_json(found->session);
    out["recording"] = found->recording.name;
    out["exchanges"] = nlohmann::ordered_json::array();
    for (const ExchangeLine& line : *lines)
      out["exchanges"].push_back(line_json(line));
    fmt::print("{}\n", json_text(out));
    return {};
  }
  if (as == ShowArguments::As::Text) {
    print_session(*found);
    const ExchangeLines columns({&found->recording, 1},
                                id.recording.empty() ? found->recording.name : "");
    fmt::print("{}\n", columns.header());
    for (const ExchangeLine& line : *lines)
      fmt::print("{}\n", columns.line(line));
    return {};
  }
  for (const ExchangeLine& line : *lines) {
    if (Result<void> shown = show_one(source, line, as); !shown) return shown;
  }
  return {};
}

Result<void> show(RecordingSource& source, const ShowArguments& arguments) {
  const std::optional<ExchangeId> id = parse_exchange_id(arguments.id);
  if (!id) {
    return std::unexpected(
        Error(ErrorSource::Config, "",
              fmt::format("'{}' is no ID: write N for an exchange of the latest recording, sN for "
                          "a session of it, NAME:N or NAME:sN for another recording",
                          arguments.id)));
  }
  if (id->is_session) return show_session(source, *id, arguments.as);
  const Result<ExchangeLine> line = find_exchange(source, *id);
  if (!line) return std::unexpected(line.error());
  return show_one(source, *line, arguments.as);
}

}  // namespace

int run(const ShowArguments& arguments) {
  const auto source = open_store(arguments.store);
  if (!source) return report_error(source.error());
  const Result<void> shown = show(**source, arguments);
  return shown ? kExitDone : report_error(shown.error());
}

}  // namespace understudy
