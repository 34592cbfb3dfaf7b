#include "ui/cli/option_kinds.h"

#include "ui/cli/option_values.h"

namespace understudy {

namespace {

/// More would be threads without cores; the store's one writer is the limit long before.
constexpr std::uint64_t kMaxWorkers = 64;
/// Beyond any descriptor limit.
constexpr std::uint64_t kMaxConnections = 10'000'000;

}  // namespace

void add_count(CLI::App& app, const std::string& name, const std::string& description,
               std::uint64_t max, std::size_t& target) {
  add_parsed(
      app, name, description, fmt::format("a whole number from 1 to {}", max),
      [max](const std::string& text) {
        auto value = parse_count(text, max);
        return value && *value > 0 ? value : std::nullopt;
      },
      [&target](std::uint64_t value) { target = static_cast<std::size_t>(value); })
      ->type_name("N");
}

void add_wait(CLI::App& app, const std::string& name, const std::string& description,
              std::chrono::milliseconds& target) {
  add_parsed(
      app, name, description, "a duration such as 500ms, 10s or 5m (at most 24 hours)",
      [](const std::string& text) { return parse_wait(text); },
      [&target](std::chrono::milliseconds value) { target = value; })
      ->type_name("TIME");
}

void or_refuse(const Result<void>& checked) {
  if (!checked) throw CLI::ValidationError(describe(checked.error()));
}

void add_log_level(CLI::App& app, std::string& target) {
  std::map<std::string, std::string> levels;
  for (const char* level : {"trace", "debug", "info", "warning", "error", "off"}) {
    levels[level] = level;
  }
  add_choice(app, "--log-level", "trace|debug|info|warning|error|off",
             "Lines on standard error (default: the configuration's, else info)", levels, target);
}

void add_ui(CLI::App& app, const std::string& name, const std::string& description,
            UiChoice& target) {
  app.add_option_function<std::string>(
         name,
         [name, &target](const std::string& text) {
           Result<UiChoice> choice = parse_ui_choice(name, text);
           if (!choice) throw CLI::ValidationError(describe(choice.error()));
           target = std::move(*choice);
         },
         description)
      ->type_name("[HOST:]PORT|off");
}

void add_forwards(CLI::App& app, std::vector<std::string>& forwards) {
  app.add_option("--forward", forwards, "A rule in one string; may be given again")
      ->type_name("LEFT=RIGHT")
      ->allow_extra_args(false);
}

void add_run_options(CLI::App& app, RunArguments& run) {
  app.add_option("--config", run.config, "Rules and settings, a registration.xml")
      ->type_name("FILE");
  add_forwards(app, run.forwards);
  add_ui(app, "--ui",
         "Status page and API (default 127.0.0.1:7070, any free port when it\n"
         "is taken; off with a COMMAND)",
         run.ui);
  app.add_option(
         "--ready-file", run.ready_file,
         "Written as JSON once every port listens: pid, ui, proxy, ca, rules\nwith their addresses")
      ->type_name("FILE");
  app.add_flag_callback(
      "--no-env", [&run] { run.set_environment = false; },
      "Set nothing in the environment of the COMMAND");
  add_count(app, "--workers", "Threads for connections (default: one per core, at most 4)",
            kMaxWorkers, run.workers);
  add_count(app, "--max-connections",
            "Open client connections (default: what the descriptor limit\nallows, said at start)",
            kMaxConnections, run.max_connections);
  add_log_level(app, run.log_level);
  app.add_flag("--json", run.json, "Print the summary as JSON on standard output");
}

}  // namespace understudy
