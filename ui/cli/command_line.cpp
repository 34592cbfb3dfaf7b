#include "ui/cli/command_line.h"

#include "ui/cli/help_text.h"
#include "ui/cli/later_options.h"
#include "ui/cli/option_kinds.h"
#include "ui/cli/option_values.h"
#include "ui/cli/proxy_options.h"
#include "ui/web/program_version.h"

#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <utility>

namespace understudy {

namespace {

/// 64 GiB: a queue is memory.
constexpr std::uint64_t kMaxQueueMib = 65'536;

/// Options are bound to the arguments of their command; which command it was is asked afterwards.
struct Grammar {
  CLI::App app{kProgramDescription, "understudy"};
  RecordArguments record;
  ReplayArguments replay;
  UiArguments ui;
  ListArguments list;
  ShowArguments show;
  SearchArguments search;
  ReindexArguments reindex;
  RulesArguments rules;
  CaArguments ca;

  Grammar();

 private:
  CLI::App& command(const char* name, const char* description, const char* footer);
  void add_record();
  void add_replay();
  void add_views();
  void add_others();
  void add_ca();
};

Grammar::Grammar() {
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", "understudy " + std::string(program_version()),
                       "Print the version and exit");
  app.require_subcommand(1);
  app.footer(kProgramFooter);
  add_record();
  add_replay();
  add_views();
  add_others();
  add_ca();
}

CLI::App& Grammar::command(const char* name, const char* description, const char* footer) {
  CLI::App* added = app.add_subcommand(name, description);
  added->footer(footer);
  return *added;
}

void Grammar::add_record() {
  CLI::App& sub =
      command("record", "Stand between an application and real systems, and record", kRecordFooter);
  sub.add_option("STORE", record.run.store,
                 "SQLite file to append a recording to (default understudy.db)");
  add_run_options(sub, record.run);
  add_proxy_options(sub, record.run.proxy);
  add_tunnel_options(sub, record);
  sub.add_option("--name", record.name, "Name of the recording (default: the UTC start time)");
  add_count(sub, "--queue-mib", "Recorded bytes that may wait for the store (default 12)",
            kMaxQueueMib, record.queue_mib);
  add_choice<Overload>(sub, "--overload", "stall|drop",
                       "When that is full: clients wait (default), or drop and count",
                       {{"stall", Overload::Stall}, {"drop", Overload::Drop}}, record.overload);
  add_choice<bool>(sub, "--on-store-error", "continue|stop",
                   "When the store breaks: forward without recording (default),\n"
                   "or end with exit code 4",
                   {{"continue", false}, {"stop", true}}, record.stop_on_store_error);
  add_wait(sub, "--connect-timeout", "Connecting to an upstream, then 504 (default 10s)",
           record.limits.connect);
  add_wait(sub, "--head-timeout", "A request head that was begun, then 408 (default 30s)",
           record.limits.head);
  add_wait(sub, "--handshake-timeout", "A TLS handshake, with clients or upstreams (default 10s)",
           record.limits.handshake);
  add_wait(sub, "--reply-timeout", "Silence while a reply is due, then 504 (default 5m)",
           record.limits.reply);
}

void Grammar::add_replay() {
  CLI::App& sub =
      command("replay", "Serve a recording in place of the real systems", kReplayFooter);
  sub.add_option("STORE", replay.run.store, "SQLite file that holds the recording")->required();
  sub.add_option("--recording", replay.recording, "Which one (default: the latest)")
      ->type_name("NAME");
  add_run_options(sub, replay.run);
  add_proxy_options(sub, replay.run.proxy);
  add_parsed(
      sub, "--timing",
      "none: at once (default); recorded: with the recorded gaps;\na number: gaps times this",
      "none, recorded or a factor from 0 to 1000",
      [](const std::string& text) { return parse_timing(text); },
      [this](double factor) { replay.timing_factor = factor; })
      ->type_name("none|recorded|FACTOR");
  add_choice<AfterLast>(
      sub, "--after-last", "stick|loop|miss",
      "When the recorded answers to a request are used up: repeat the\n"
      "last (default), start again, or miss",
      {{"stick", AfterLast::Stick}, {"loop", AfterLast::Loop}, {"miss", AfterLast::Miss}},
      replay.after_last);
  add_wait(sub, "--handshake-timeout", "A TLS handshake with a client (default 10s)",
           replay.handshake_timeout);
  sub.add_option_function<std::string>(
         "--on-miss", [](const std::string& text) { or_refuse(check_on_miss(text)); },
         "error: a miss is answered as one (default, and all there is in\nthis version)")
      ->type_name("error");
  sub.add_option_function<std::string>(
         "--fail-on",
         [this](const std::string& words) {
           std::string bad;
           if (parse_fail_on(words, replay.fail_on, bad)) return;
           throw CLI::ValidationError(
               "--fail-on",
               fmt::format("'{}' is none of miss, unused, exhausted, relaxed, all", bad));
         },
         "What makes the exit code 1 (default miss)")
      ->type_name("LIST");
  sub.add_option_function<std::vector<std::string>>(
         "--report",
         [this](const std::vector<std::string>& files) {
           for (const std::string& file : files)
             or_refuse(check_report_name(file));
           replay.reports = files;
         },
         "Write a report, JSON or JUnit by its ending (.json, .xml); may be\ngiven again")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void Grammar::add_views() {
  CLI::App& lister = command("list", "List recordings, or the exchanges of one", kListFooter);
  lister.add_option("STORE", list.store, "SQLite file")->required();
  lister.add_option("RECORDING", list.recording, "Its name");
  lister.add_flag("--json", list.json, "One JSON object a line");

  CLI::App& shower = command("show", "Show one exchange or session", kShowFooter);
  shower.add_option("STORE", show.store, "SQLite file")->required();
  shower.add_option("ID", show.id, "N, sN, NAME:N or NAME:sN")->required();
  CLI::Option_group& forms = *shower.add_option_group("Form");
  const auto form = [&](const char* name, const char* text, ShowArguments::As as) {
    forms.add_flag_callback(name, [this, as] { show.as = as; }, text);
  };
  form("--raw", "Exact bytes as received: the request, then the reply", ShowArguments::As::Raw);
  form("--json", "One JSON object", ShowArguments::As::Json);
  form("--hex", "Offsets, hexadecimal digits and text", ShowArguments::As::Hex);
  forms.require_option(0, 1);

  CLI::App& searcher = command("search", "Find exchanges by text", kSearchFooter);
  searcher.add_option("STORE", search.store, "SQLite file")->required();
  searcher.add_option("QUERY", search.query, "Words that must all occur")->required();
  searcher.add_flag("--json", search.json, "One JSON object a line");
}

void Grammar::add_others() {
  CLI::App& indexer = command("reindex", "Rebuild what is derived from bytes", kReindexFooter);
  indexer.add_option("STORE", reindex.store, "SQLite file")->required();
  indexer.add_flag("--json", reindex.json, "Print the outcome as JSON");

  CLI::App& ruler = command("rules", "Explain what each rule will do", kRulesFooter);
  ruler.add_option("CONFIG", rules.config, "A registration.xml");
  add_forwards(ruler, rules.forwards);
  ruler.add_flag("--json", rules.json, "One JSON object a line");

  CLI::App& page = command("ui", "Serve the status page of a store", kUiFooter);
  page.add_option("STORE", ui.store, "SQLite file")->required();
  add_ui(page, "--listen", "Where (default 127.0.0.1:7070, any free port when it is taken)",
         ui.listen);
  add_log_level(page, ui.log_level);
}

void Grammar::add_ca() {
  CLI::App& authority = command("ca", "Show or export the certificate authority", kCaFooter);
  authority.require_subcommand(1);
  const auto action = [&](const char* name, const char* text, CaArguments::Action what) {
    CLI::App* sub = authority.add_subcommand(name, text);
    sub->callback([this, what] { ca.action = what; });
    return sub;
  };
  action("show", "Its facts, and how to trust it on each system", CaArguments::Action::Show)
      ->add_flag("--json", ca.json, "Its facts as one JSON object");
  action("path", "Where its certificate (PEM) lies", CaArguments::Action::Path);
  CLI::App& exporter =
      *action("export", "Its certificate, never its private key", CaArguments::Action::Export);
  add_choice<CaArguments::Format>(exporter, "--format", "pem|der|p12",
                                  "PEM (default), DER, or a PKCS#12 trust store for Java",
                                  {{"pem", CaArguments::Format::Pem},
                                   {"der", CaArguments::Format::Der},
                                   {"p12", CaArguments::Format::Pkcs12}},
                                  ca.format);
  exporter.add_option("-o,--output", ca.output, "File to write (default: standard output)")
      ->type_name("FILE");
}

TextToPrint help_of(const Grammar& grammar) {
  return {grammar.app.help() + "\n"};
}

Error usage_error(const CLI::App& app, std::string message) {
  const std::vector<CLI::App*> chosen = const_cast<CLI::App&>(app).get_subcommands();
  const std::string command = chosen.empty() ? "" : chosen.front()->get_name() + " ";
  return {ErrorSource::Config, "", fmt::format("{} (see understudy {}--help)", message, command)};
}

Result<CommandLine> chosen_arguments(Grammar& grammar, std::vector<std::string> command,
                                     bool has_command) {
  const std::string name = grammar.app.get_subcommands().front()->get_name();
  if (has_command && name != "record" && name != "replay") {
    return std::unexpected(
        usage_error(grammar.app, fmt::format("'{}' runs no COMMAND: leave out the '--'", name)));
  }
  const auto whole = [&](RunArguments& run) -> Result<void> {
    run.command = std::move(command);
    return check_proxy_options(run);
  };
  if (name == "record") {
    const Result<void> checked = whole(grammar.record.run);
    if (!checked) return std::unexpected(checked.error());
    return std::move(grammar.record);
  }
  if (name == "replay") {
    const Result<void> checked = whole(grammar.replay.run);
    if (!checked) return std::unexpected(checked.error());
    return std::move(grammar.replay);
  }
  if (name == "ui") return std::move(grammar.ui);
  if (name == "list") return std::move(grammar.list);
  if (name == "show") return std::move(grammar.show);
  if (name == "search") return std::move(grammar.search);
  if (name == "reindex") return std::move(grammar.reindex);
  if (name == "ca") return std::move(grammar.ca);
  return std::move(grammar.rules);
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
  const auto dashes = std::ranges::find(arguments, "--");
  std::vector<std::string> ours(arguments.begin(), dashes);
  const bool has_command = dashes != arguments.end();
  std::vector<std::string> command;
  if (has_command) command.assign(dashes + 1, arguments.end());

  if (Result<void> known = refuse_later_parts(ours); !known) {
    return std::unexpected(known.error());
  }
  Grammar grammar;
  if (ours.empty() && !has_command) return help_of(grammar);
  try {
    std::ranges::reverse(ours);  // CLI11 takes them from the back
    grammar.app.parse(std::move(ours));
  } catch (const CLI::CallForHelp&) {
    return help_of(grammar);
  } catch (const CLI::CallForVersion& version) {
    return TextToPrint{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return std::unexpected(usage_error(grammar.app, error.what()));
  }
  if (has_command && command.empty()) {
    return std::unexpected(usage_error(grammar.app, "a COMMAND must follow '--'"));
  }
  return chosen_arguments(grammar, std::move(command), has_command);
}

}  // namespace understudy
