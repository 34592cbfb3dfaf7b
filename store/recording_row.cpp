#include "store/recording_row.h"

#include "store/columns.h"
#include "store/rule_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace understudy {
namespace {

/// The UTC time to the second: sorts by age, and can be typed.
std::string default_name(Timestamp now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

Result<bool> name_taken(Database& database, const std::string& name) {
  auto find = database.prepare("SELECT 1 FROM recording WHERE name = ?1");
  if (!find) return std::unexpected(std::move(find.error()));
  find->bind_text(1, name);
  return find->step();
}

/// The wanted name, or the time; two runs within a second get "-2".
Result<std::string> choose_name(Database& database, const std::string& wanted, Timestamp now) {
  const std::string first = wanted.empty() ? default_name(now) : wanted;
  std::string name = first;
  for (int suffix = 2;; ++suffix) {
    auto taken = name_taken(database, name);
    if (!taken) return std::unexpected(std::move(taken.error()));
    if (!*taken) return name;
    if (!wanted.empty()) {
      return std::unexpected(Error(
          ErrorSource::Config, database.path(),
          fmt::format("a recording named \"{}\" is there already, expected a new name", wanted)));
    }
    name = fmt::format("{}-{}", first, suffix);
  }
}

Result<void> insert_recording(Database& database, RecordingBegun& begun, const std::string& command,
                              Timestamp now) {
  auto first_session = database.integer(
      "SELECT max(coalesce((SELECT max(id) + 1 FROM session), 1),"
      "           coalesce((SELECT max(first_session) FROM recording), 1))");
  if (!first_session) return std::unexpected(std::move(first_session.error()));
  auto first_exchange = database.integer(
      "SELECT max(coalesce((SELECT max(id) + 1 FROM exchange), 1),"
      "           coalesce((SELECT max(first_exchange) FROM recording), 1))");
  if (!first_exchange) return std::unexpected(std::move(first_exchange.error()));
  begun.first_session = *first_session;
  begun.first_exchange = *first_exchange;

  auto insert = database.prepare(
      "INSERT INTO recording (name, command, started_at, first_session, first_exchange)"
      " VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!insert) return std::unexpected(std::move(insert.error()));
  insert->bind_text(1, begun.name);
  insert->bind_text(2, command);
  insert->bind(3, to_column(now));
  insert->bind(4, begun.first_session);
  insert->bind(5, begun.first_exchange);
  if (auto done = insert->run(); !done) return done;
  begun.id = database.last_row_id();
  return {};
}

/// Requests say where they go (a forward proxy), or the kernel does (a transparent rule).
bool names_no_upstream(const ForwardRule& rule) {
  return rule.upstream == Endpoint{};
}

Result<void> insert_rules(Database& database, RecordingBegun& begun,
                          const std::vector<ForwardRule>& rules) {
  auto first_rule = database.integer("SELECT coalesce(max(id), 0) + 1 FROM rule");
  if (!first_rule) return std::unexpected(std::move(first_rule.error()));
  begun.first_rule = *first_rule;
  auto insert = database.prepare(
      "INSERT INTO rule (id, recording, position, name, protocol, client_scheme, upstream_scheme,"
      " listen, upstream, base_url, definition)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  if (!insert) return std::unexpected(std::move(insert.error()));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const ForwardRule& rule = rules[i];
    const auto position = static_cast<std::int64_t>(i);
    const std::string listen = to_string(rule.listen);
    const std::string upstream = names_no_upstream(rule) ? "" : to_string(rule.upstream);
    const std::string url = base_url(rule), definition = rule_to_json(rule);
    insert->bind(1, begun.first_rule + position);
    insert->bind(2, begun.id);
    insert->bind(3, position);
    insert->bind_text(4, rule.name);
    insert->bind_text(5, rule.protocol);
    insert->bind_text(6, rule.client_scheme);
    insert->bind_text(7, rule.upstream_scheme);
    insert->bind_text(8, listen);
    insert->bind_text(9, upstream);
    insert->bind_text(10, url);
    insert->bind_text(11, definition);
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

}  // namespace

std::string base_url(const ForwardRule& rule) {
  if (names_no_upstream(rule)) return "";
  const bool default_port = (rule.upstream_scheme == "http" && rule.upstream.port == 80) ||
                            (rule.upstream_scheme == "https" && rule.upstream.port == 443);
  std::string authority = to_string(rule.upstream);
  if (default_port) authority.erase(authority.rfind(':'));
  return rule.upstream_scheme + "://" + authority + rule.path_prefix;
}

Result<RecordingBegun> begin_recording(Database& database, const RecordingStart& start,
                                       Timestamp now) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  RecordingBegun begun;
  auto name = choose_name(database, start.name, now);
  if (!name) return std::unexpected(std::move(name.error()));
  begun.name = std::move(*name);
  auto done = insert_recording(database, begun, start.command, now);
  if (done) done = insert_rules(database, begun, start.rules);
  if (done) {
    done = database.run(
        fmt::format("INSERT OR REPLACE INTO meta VALUES ('recorder_pid', {})", getpid()).c_str());
  }
  if (done) done = transaction->commit();
  if (!done) return std::unexpected(std::move(done.error()));
  return begun;
}

Result<void> end_recording(Database& database, std::int64_t recording, Timestamp now,
                           const RowCounts& written, std::uint64_t lost_rows,
                           std::uint64_t lost_bytes) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  const std::string script = fmt::format(
      "UPDATE recording SET ended_at = {}, sessions = {}, exchanges = {}, lost_rows = {},"
      " lost_bytes = {} WHERE id = {}; DELETE FROM meta WHERE key = 'recorder_pid'",
      to_column(now), written.sessions, written.exchanges, lost_rows, lost_bytes, recording);
  if (auto done = database.run(script.c_str()); !done) return done;
  return transaction->commit();
}

}  // namespace understudy
