#include "ui/cli/search_command.h"

#include "ui/cli/exchange_lines.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/line_json.h"
#include "ui/cli/search_terms.h"
#include "ui/cli/store_access.h"

#include <fmt/format.h>
#include <optional>
#include <unordered_set>

namespace understudy {

namespace {

using Ids = std::unordered_set<std::int64_t>;

/// Exchanges that hold every one of `terms`; nothing where there are no terms: all do.
Result<std::optional<Ids>> holding_all(RecordingReader& reader,
                                       std::span<const std::string> terms) {
  std::optional<Ids> all;
  for (const std::string& term : terms) {
    Ids these;
    const Result<void> searched = reader.search(term, std::nullopt, [&](const ExchangeLine& line) {
      if (!all || all->contains(line.id)) these.insert(line.id);
      return true;
    });
    if (!searched) return std::unexpected(searched.error());
    all = std::move(these);
  }
  return all;
}

/// Prints the matches; how many there were.
Result<std::size_t> search(RecordingReader& reader, std::span<const std::string> terms, bool json) {
  const Result<std::optional<Ids>> others = holding_all(reader, terms.subspan(1));
  if (!others) return std::unexpected(others.error());
  const Result<std::vector<Recording>> recordings = reader.recordings();
  if (!recordings) return std::unexpected(recordings.error());
  const ExchangeLines lines(*recordings, recordings->empty() ? "" : recordings->back().name);
  std::size_t found = 0;
  const Result<void> searched =
      reader.search(terms.front(), std::nullopt, [&](const ExchangeLine& line) {
        if (*others && !(*others)->contains(line.id)) return true;
        if (found++ == 0 && !json) fmt::print("{}\n", lines.header());
        fmt::print("{}\n", json ? exchange_line_json(line) : lines.line(line));
        return true;
      });
  if (!searched) return std::unexpected(searched.error());
  return found;
}

}  // namespace

int run(const SearchArguments& arguments) {
  const std::vector<std::string> terms = search_terms(arguments.query);
  if (terms.empty()) {
    return report_error({ErrorSource::Config, "", "QUERY is empty: name a word to search for"});
  }
  const auto reader = open_store(arguments.store);
  if (!reader) return report_error(reader.error());
  const Result<std::size_t> found = search(**reader, terms, arguments.json);
  if (!found) return report_error(found.error());
  if (*found > 0) return kExitDone;
  fmt::print(stderr,
             "no exchange holds {} in its method, resource, heads or note (bodies are not "
             "searched)\n",
             terms.size() == 1 ? "this text" : "all of these words");
  return kExitNegative;
}

}  // namespace understudy
