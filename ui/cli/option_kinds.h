// Options of the kinds that the commands share, on CLI11: how their texts are read, what their
// refusals say, how help shows them. Included by command_line.cpp alone: CLI11 is slow to
// compile.
//
// CLI11 knows errors as exceptions; they end in parse_command_line().
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

/// CLI11's layout, with usage lines that know of COMMAND and option columns without its own marks
/// for defaults (descriptions name them).
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(32); }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    const bool runs_command = app->get_name() == "record" || app->get_name() == "replay";
    if (runs_command) usage.insert(usage.find('\n'), " [-- COMMAND ARG...]");
    return usage;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() || option->get_positional() ? "" : " " + type;
  }
};

/// An option whose text is read by `parse`, which returns something that is empty when it is bad.
template <class Parse, class Store>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, const std::string& description,
                        const std::string& expected, Parse parse, Store store) {
  return app.add_option_function<std::string>(
      name,
      [=](const std::string& text) {
        const auto value = parse(text);
        if (!value) {
          throw CLI::ValidationError(name, fmt::format("'{}' is not {}", text, expected));
        }
        store(*value);
      },
      description);
}

/// One of a few words.
template <class Value>
void add_choice(CLI::App& app, const std::string& name, const std::string& words,
                const std::string& description, std::map<std::string, Value> values,
                Value& target) {
  add_parsed(
      app, name, description, "one of " + words,
      [values = std::move(values)](const std::string& text) {
        const auto found = values.find(text);
        return found == values.end() ? std::optional<Value>() : found->second;
      },
      [&target](const Value& value) { target = value; })
      ->type_name(words);
}

/// A whole number from 1 to `max`.
void add_count(CLI::App& app, const std::string& name, const std::string& description,
               std::uint64_t max, std::size_t& target);
/// A duration, as parse_wait() reads it.
void add_wait(CLI::App& app, const std::string& name, const std::string& description,
              std::chrono::milliseconds& target);
void add_log_level(CLI::App& app, std::string& target);
/// Where the status page is: --ui and --listen.
void add_ui(CLI::App& app, const std::string& name, const std::string& description,
            UiChoice& target);
/// --forward, any number of times.
void add_forwards(CLI::App& app, std::vector<std::string>& forwards);
/// Everything of RunArguments but the STORE and the COMMAND.
void add_run_options(CLI::App& app, RunArguments& run);

/// Ends the parse where `checked` is an error.
void or_refuse(const Result<void>& checked);

}  // namespace understudy
