#include "store/details.h"

#include "protocols/core/place.h"
#include "store/detail_row.h"
#include "store/exchange_rows.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/upgrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace understudy {
namespace {

using Clock = std::chrono::steady_clock;

/// One transaction of a pass: long enough to be cheap, short enough for a recorder to wait.
constexpr std::size_t kRowsPerTransaction = 200;
constexpr std::size_t kBytesPerTransaction = std::size_t{8} * 1024 * 1024;

/// What is read of a message to decode its body; the transfer coding may take some.
constexpr std::size_t kMaxReadBytes = kMaxDetailBodyBytes + kMaxDetailBodyBytes / 4;

/// One walk through a store.
struct Pass {
  Database database;
  std::int64_t from = 0;     ///< first exchange to look at
  std::int64_t end = 0;      ///< one past the last
  std::int64_t settled = 0;  ///< exchanges from here on may still grow: looked at again next time
};

/// The first open exchange of the newest recording, unless that has ended.
constexpr std::string_view kSettled =
    "SELECT coalesce((SELECT min(e.id) FROM exchange e,"
    " (SELECT first_exchange, ended_at FROM recording ORDER BY id DESC LIMIT 1) r"
    " WHERE r.ended_at IS NULL AND e.ending = 0 AND e.id >= r.first_exchange),"
    " (SELECT max(id) + 1 FROM exchange), 0)";

Result<Pass> open_pass(const std::string& path) {
  {  // A foreign file is refused before a connection that may write tidies it up.
    auto reader = Database::open(path, Database::Mode::ReadOnly);
    if (!reader) return std::unexpected(std::move(reader.error()));
    const auto version = check_version(*reader);
    if (!version) return std::unexpected(version.error());
  }
  auto database = Database::open(path, Database::Mode::ReadWrite);
  if (!database) return std::unexpected(std::move(database.error()));
  // Derived rows: what a power failure takes is made again.
  if (auto done = database->run("PRAGMA synchronous = NORMAL"); !done) {
    return std::unexpected(std::move(done.error()));
  }
  Pass pass{std::move(*database)};
  const std::pair<std::int64_t*, std::string_view> bounds[] = {
      {&pass.from, "SELECT value FROM meta WHERE key = 'details_from'"},
      {&pass.settled, kSettled},
      {&pass.end, "SELECT coalesce(max(id) + 1, 0) FROM exchange"},
  };
  for (const auto& [bound, sql] : bounds) {
    auto value = pass.database.integer(sql);
    if (!value) return std::unexpected(std::move(value.error()));
    *bound = *value;
  }
  return pass;
}

constexpr std::string_view kEvery = "true";
/// What an exchange got while it was open is made again.
constexpr std::string_view kWithoutDetail =
    "NOT EXISTS (SELECT 1 FROM http_detail d WHERE d.exchange = e.id AND d.note IS NOT ?3)";

/// The ids of the next transaction's exchanges: bounded in rows and in bytes.
Result<std::vector<std::int64_t>> next_ids(Pass& pass, std::string_view condition) {
  auto select =
      pass.database.prepare(fmt::format("SELECT id, request_size + reply_size FROM exchange e"
                                        " WHERE id >= ?1 AND id < ?2 AND {} ORDER BY id",
                                        condition));
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, pass.from);
  select->bind(2, pass.end);
  if (condition == kWithoutDetail) select->bind_text(3, kOpenNote);
  std::vector<std::int64_t> ids;
  std::uint64_t bytes = 0;
  while (ids.size() < kRowsPerTransaction && bytes < kBytesPerTransaction) {
    auto more = select->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) break;
    ids.push_back(select->integer(0));
    bytes += static_cast<std::uint64_t>(select->integer(1));
  }
  return ids;
}

Result<void> set_details_from(Database& database, std::int64_t id) {
  return database.run(
      fmt::format("INSERT OR REPLACE INTO meta VALUES ('details_from', {})", id).c_str());
}

/// The exchanges of a transaction, read before it begins: it stays short.
Result<std::vector<RecordedExchange>> read_exchanges(Database& database,
                                                     const std::vector<std::int64_t>& ids,
                                                     std::size_t max_bytes) {
  auto select = database.prepare(std::string(ExchangeRows::kSelect) + "WHERE id = ?1");
  if (!select) return std::unexpected(std::move(select.error()));
  ExchangeRows rows(database, 1, max_bytes);
  std::vector<RecordedExchange> exchanges;
  for (const std::int64_t id : ids) {
    select->bind(1, id);
    auto found = select->step();
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found) continue;
    auto one = rows.assemble(*select);
    if (!one) return std::unexpected(std::move(one.error()));
    exchanges.push_back(std::move(*one));
    select->reset();
  }
  return exchanges;
}

Result<std::size_t> fill_some(Pass& pass, const DetailOf& detail_of,
                              const std::vector<std::int64_t>& ids) {
  const auto exchanges = read_exchanges(pass.database, ids, kMaxReadBytes);
  if (!exchanges) return std::unexpected(exchanges.error());
  auto transaction = Transaction::begin(pass.database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  auto insert = pass.database.prepare(kInsertDetail);
  if (!insert) return std::unexpected(std::move(insert.error()));
  std::size_t filled = 0;
  for (const RecordedExchange& one : *exchanges) {
    auto made = insert_detail(*insert, detail_of, one);
    if (!made) return std::unexpected(std::move(made.error()));
    filled += *made ? 1 : 0;
  }
  auto done = set_details_from(pass.database, std::min(ids.back() + 1, pass.settled));
  if (done) done = transaction->commit();
  if (!done) return std::unexpected(std::move(done.error()));
  return filled;
}

/// Finds the place of an upstream connection; none where the store's version has no places.
Result<Statement> prepare_place(Database& database) {
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version < kVersionWithTls) return Statement();
  return database.prepare(
      "SELECT place FROM upstream_connection WHERE session = ?1 AND number = ?2");
}

Result<std::string> place_from(Statement& find, const RecordedExchange& one) {
  if (!find) return std::string();
  find.bind(1, one.session);
  find.bind(2, one.upstream);
  const auto found = find.step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::string();
  std::string place = find.text(0);
  find.reset();
  return place;
}

Result<std::size_t> update_some(Pass& pass, const FactsOf& facts_of,
                                const std::vector<std::int64_t>& ids) {
  const auto exchanges = read_exchanges(pass.database, ids, kDetailHeadBytes);
  if (!exchanges) return std::unexpected(exchanges.error());
  auto transaction = Transaction::begin(pass.database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  auto update = pass.database.prepare(
      "UPDATE exchange SET method = ?2, resource = ?3, status = ?4 WHERE id = ?1"
      " AND (method, resource, status) IS NOT (?2, ?3, ?4)");
  if (!update) return std::unexpected(std::move(update.error()));
  auto find_place = prepare_place(pass.database);
  if (!find_place) return std::unexpected(std::move(find_place.error()));
  std::size_t changed = 0;
  for (const RecordedExchange& one : *exchanges) {
    const auto facts = facts_of(one.protocol, one.request, one.reply);
    if (!facts) continue;
    const auto place = place_from(*find_place, one);
    if (!place) return std::unexpected(place.error());
    const std::string resource = placed_resource(*place, facts->resource);
    update->bind(1, one.id);
    update->bind_text(2, facts->method);
    update->bind_text(3, resource);
    update->bind(4, facts->status);
    if (auto done = update->run(); !done) return std::unexpected(std::move(done.error()));
    changed += static_cast<std::size_t>(pass.database.changes());
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(std::move(done.error()));
  return changed;
}

/// Runs `some` over the ids of the pass that meet `condition`, some at a time, until the end,
/// `deadline` or a "stop".
template <class Some>
Result<std::size_t> run_pass(Pass& pass, std::string_view condition, Clock::time_point deadline,
                             const Progress& progress, const Some& some) {
  std::size_t count = 0;
  const std::int64_t first = std::max<std::int64_t>(pass.from, 1);  // ids count from 1
  while (Clock::now() < deadline) {
    auto ids = next_ids(pass, condition);
    if (!ids) return std::unexpected(std::move(ids.error()));
    if (ids->empty()) break;
    auto part = some(*ids);
    if (!part) return part;
    count += *part;
    pass.from = ids->back() + 1;
    if (progress && !progress(pass.from - first, pass.end - first)) break;
  }
  return count;
}

}  // namespace

Result<std::size_t> fill_details(const std::string& path, const DetailOf& detail_of,
                                 std::chrono::milliseconds budget, const Progress& progress) {
  if (!store_writable(path)) return std::size_t{0};
  auto pass = open_pass(path);
  if (!pass) return std::unexpected(std::move(pass.error()));
  const auto deadline = budget.count() == 0 ? Clock::time_point::max() : Clock::now() + budget;
  return run_pass(
      *pass, kWithoutDetail, deadline, progress,
      [&](const std::vector<std::int64_t>& ids) { return fill_some(*pass, detail_of, ids); });
}

Result<std::size_t> rebuild_facts(const std::string& path, const FactsOf& facts_of,
                                  const Progress& progress) {
  if (const auto done = bring_up_to_date(path); !done) return std::unexpected(done.error());
  auto pass = open_pass(path);
  if (!pass) return std::unexpected(std::move(pass.error()));
  auto emptied = pass->database.run("DELETE FROM http_detail");
  if (emptied) emptied = set_details_from(pass->database, 0);
  if (!emptied) return std::unexpected(std::move(emptied.error()));
  pass->from = 0;
  return run_pass(
      *pass, kEvery, Clock::time_point::max(), progress,
      [&](const std::vector<std::int64_t>& ids) { return update_some(*pass, facts_of, ids); });
}

}  // namespace understudy
