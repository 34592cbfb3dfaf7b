#include "store/recording_reader.h"

#include "store/columns.h"
#include "store/exchange_rows.h"
#include "store/migrations.h"
#include "store/rule_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace understudy {

Result<std::unique_ptr<RecordingReader>> RecordingReader::open(const std::string& path) {
  auto database = Database::open(path, Database::Mode::ReadOnly);
  if (!database) return std::unexpected(std::move(database.error()));
  const auto version = check_version(*database);
  if (!version) return std::unexpected(version.error());
  return std::unique_ptr<RecordingReader>(new RecordingReader(std::move(*database), *version));
}

Result<RecordingReader::IdRange> RecordingReader::range(std::int64_t recording,
                                                        std::string_view first_column) {
  auto find = database_.prepare(
      fmt::format("SELECT {0}, coalesce((SELECT min({0}) FROM recording n WHERE n.id > r.id), {1})"
                  " FROM recording r WHERE id = ?1",
                  first_column, std::numeric_limits<std::int64_t>::max()));
  if (!find) return std::unexpected(std::move(find.error()));
  find->bind(1, recording);
  auto found = find->step();
  if (!found) return std::unexpected(std::move(found.error()));
  return *found ? IdRange{find->integer(0), find->integer(1)} : IdRange{};
}

Result<std::vector<RecordedRule>> RecordingReader::rules(std::int64_t recording) {
  auto select = database_.prepare(
      "SELECT id, position, definition FROM rule WHERE recording = ?1 ORDER BY position");
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, recording);
  std::vector<RecordedRule> rules;
  for (;;) {
    auto more = select->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return rules;
    auto rule = rule_from_json(select->bytes(2));
    if (!rule) {
      return std::unexpected(Error(ErrorSource::Store, database_.path(), rule.error().what));
    }
    rules.push_back({select->integer(0), select->integer(1), std::move(*rule)});
  }
}

Result<Bytes> RecordingReader::redaction_key() {
  return database_.text("SELECT value FROM meta WHERE key = 'redaction_key'");
}

Result<std::vector<Recording>> RecordingReader::recordings() {
  // The view counts; the exact times stand in the table.
  auto select = database_.prepare(
      "SELECT r.id, r.name, r.started_at, r.ended_at, r.command, v.sessions, v.exchanges"
      " FROM recording r JOIN recordings v ON v.id = r.id ORDER BY r.id");
  if (!select) return std::unexpected(std::move(select.error()));
  std::vector<Recording> all;
  for (;;) {
    auto more = select->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return all;
    Recording one;
    one.id = select->integer(0);
    one.name = select->text(1);
    one.started_at = timestamp_of(select->integer(2));
    one.ended_at = timestamp_of(select->integer(3));
    one.command = select->text(4);
    one.sessions = select->integer(5);
    one.exchanges = select->integer(6);
    auto its_rules = rules(one.id);
    if (!its_rules) return std::unexpected(std::move(its_rules.error()));
    one.rules = std::move(*its_rules);
    all.push_back(std::move(one));
  }
}

Result<Recording> RecordingReader::recording(std::string_view name) {
  auto all = recordings();
  if (!all) return std::unexpected(std::move(all.error()));
  if (all->empty()) {
    return std::unexpected(Error(ErrorSource::Config, database_.path(), "holds no recording"));
  }
  if (name.empty()) return std::move(all->back());
  std::vector<std::string> names;
  for (Recording& one : *all) {
    if (one.name == name) return std::move(one);
    names.push_back(one.name);
  }
  return std::unexpected(
      Error(ErrorSource::Config, database_.path(),
            fmt::format("no recording \"{}\", expected one of: {}", name, fmt::join(names, ", "))));
}

Result<std::vector<RecordedSession>> RecordingReader::sessions(std::int64_t recording) {
  auto ids = range(recording, "first_session");
  if (!ids) return std::unexpected(std::move(ids.error()));
  auto select = database_.prepare(
      "SELECT id, rule, opened_at, closed_at, client_address, end_reason, note FROM session"
      " WHERE id >= ?1 AND id < ?2 ORDER BY id");
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, ids->first);
  select->bind(2, ids->end);
  std::vector<RecordedSession> all;
  for (;;) {
    auto more = select->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return all;
    RecordedSession one;
    one.id = select->integer(0);
    one.number = one.id - ids->first + 1;
    one.rule = select->integer(1);
    one.opened_at = timestamp_of(select->integer(2));
    one.closed_at = timestamp_of(select->integer(3));
    one.client_address = select->text(4);
    one.end_reason = select->text(5);
    one.note = select->text(6);
    all.push_back(std::move(one));
  }
}

Result<void> RecordingReader::each_exchange(std::int64_t recording, std::size_t max_bytes,
                                            const std::function<bool(RecordedExchange&&)>& visit) {
  auto ids = range(recording, "first_exchange");
  if (!ids) return std::unexpected(std::move(ids.error()));
  auto sessions = range(recording, "first_session");
  if (!sessions) return std::unexpected(std::move(sessions.error()));
  auto select = database_.prepare(std::string(ExchangeRows::kSelect) +
                                  "WHERE id >= ?1 AND id < ?2 ORDER BY id");
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, ids->first);
  select->bind(2, ids->end);
  auto more = select->step();
  // With the first row at hand, both statements show the same moment of the store.
  auto its_places = places(*sessions);
  if (!its_places) return std::unexpected(std::move(its_places.error()));
  ExchangeRows rows(database_, ids->first, max_bytes, std::move(*its_places));
  for (; more && *more; more = select->step()) {
    auto one = rows.assemble(*select);
    if (!one) return std::unexpected(std::move(one.error()));
    if (!visit(std::move(*one))) return {};
  }
  return more ? Result<void>() : std::unexpected(std::move(more.error()));
}

Result<RecordedExchange> RecordingReader::exchange(std::int64_t id, std::size_t max_bytes) {
  auto first = database_.integer(
      fmt::format("SELECT max(first_exchange) FROM recording WHERE first_exchange <= {}", id));
  if (!first) return std::unexpected(std::move(first.error()));
  auto select = database_.prepare(std::string(ExchangeRows::kSelect) + "WHERE id = ?1");
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, id);
  auto found = select->step();
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) {
    return std::unexpected(
        Error(ErrorSource::Config, database_.path(), fmt::format("no exchange {}", id)));
  }
  auto one = ExchangeRows(database_, *first, max_bytes).assemble(*select);
  if (!one) return one;
  const auto its_places = places({one->session, one->session + 1});
  if (!its_places) return std::unexpected(its_places.error());
  one->place = its_places->of(one->session, one->upstream);
  return one;
}

Result<Bytes> RecordingReader::read(std::int64_t exchange, Side from, std::uint64_t offset,
                                    std::size_t size) {
  // The first part lies in the exchange's row. Of the segments, the one that holds `offset` is
  // found by the index: a long body is read slice by slice, and no slice may cost the whole.
  static constexpr std::string_view kParts[] = {
      "SELECT 0, iif(?2 = 0, request, reply) FROM exchange WHERE id = ?1"
      " AND length(iif(?2 = 0, request, reply)) > ?3 AND ?4 > 0",
      "SELECT offset, bytes FROM segment WHERE exchange = ?1 AND sender = ?2 AND offset < ?4"
      " AND offset >= coalesce((SELECT max(offset) FROM segment"
      " WHERE exchange = ?1 AND sender = ?2 AND offset <= ?3), 0) ORDER BY offset"};
  constexpr std::uint64_t kFar = std::uint64_t{1} << 61;  // no message is as long; sums fit
  const std::uint64_t end = std::min(offset, kFar) + std::min<std::uint64_t>(size, kFar);
  Bytes bytes;
  for (const std::string_view sql : kParts) {
    auto parts = database_.prepare(sql);
    if (!parts) return std::unexpected(std::move(parts.error()));
    parts->bind(1, exchange);
    parts->bind(2, static_cast<std::int64_t>(from));
    parts->bind(3, static_cast<std::int64_t>(std::min(offset, kFar)));
    parts->bind(4, static_cast<std::int64_t>(end));
    while (bytes.size() < size) {
      auto more = parts->step();
      if (!more) return std::unexpected(std::move(more.error()));
      if (!*more) break;
      const std::uint64_t begin = size_of(parts->integer(0));
      const ByteView part = parts->bytes(1);
      const std::uint64_t wanted = offset + bytes.size();
      if (wanted < begin || wanted - begin >= part.size()) continue;
      bytes += part.substr(wanted - begin, size - bytes.size());
    }
  }
  return bytes;
}

Result<void> RecordingReader::each_line(std::int64_t recording,
                                        const std::function<bool(const ExchangeLine&)>& visit) {
  auto ids = range(recording, "first_exchange");
  if (!ids) return std::unexpected(std::move(ids.error()));
  return visit_lines(*ids, "", [&](const ExchangeLine& line, Statement&) { return visit(line); });
}

}  // namespace understudy
