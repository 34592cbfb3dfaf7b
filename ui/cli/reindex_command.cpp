#include "ui/cli/reindex_command.h"

#include "protocols/registry.h"
#include "ui/cli/codec_calls.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/line_json.h"
#include "ui/cli/plain_text.h"
#include "ui/cli/progress_line.h"
#include "ui/cli/store_access.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

/// To the end, however long that takes.
constexpr std::chrono::milliseconds kNoBudget{0};

struct Rebuilt {
  std::size_t facts = 0, details = 0;
};

Result<Rebuilt> rebuild(const std::string& store) {
  Rebuilt rebuilt;
  if (Result<void> there = store_exists(store); !there) return std::unexpected(there.error());
  const auto facts = rebuild_facts(store, codec_facts(), progress_line("lists"));
  if (!facts) return std::unexpected(facts.error());
  rebuilt.facts = *facts;
  const auto details =
      fill_details(store, codec_details(), kNoBudget, progress_line("heads and bodies"));
  if (!details) return std::unexpected(details.error());
  rebuilt.details = *details;
  return rebuilt;
}

}  // namespace

int run(const ReindexArguments& arguments) {
  const Result<Rebuilt> rebuilt = rebuild(arguments.store);
  clear_progress_line();
  if (!rebuilt) return report_error(rebuilt.error());
  nlohmann::ordered_json codecs;
  std::string codec_text;
  for (const Protocol* protocol : protocols()) {
    codecs[std::string(protocol->name())] = protocol->version();
    codec_text += fmt::format("{}{} {}", codec_text.empty() ? "" : ", ", protocol->name(),
                              protocol->version());
  }
  if (arguments.json) {
    fmt::print("{}\n", json_text({{"store", arguments.store},
                                  {"facts_changed", rebuilt->facts},
                                  {"details_filled", rebuilt->details},
                                  {"codecs", codecs}}));
  } else {
    fmt::print(
        "{}: the method, resource or status of {} changed, the heads and bodies of {} are "
        "in the view `http` (codecs: {})\n",
        arguments.store, count_text(rebuilt->facts, "exchange"),
        count_text(rebuilt->details, "exchange"), codec_text);
  }
  return kExitDone;
}

}  // namespace understudy
