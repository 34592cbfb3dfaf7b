#include "store/migrations.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace understudy {
namespace {

// SQLite's database header (https://www.sqlite.org/fileformat2.html#the_database_header).
constexpr std::size_t kHeaderBytes = 100;
constexpr ByteView kMagic("SQLite format 3\0", 16);
constexpr std::size_t kUserVersionOffset = 60;
constexpr std::size_t kApplicationIdOffset = 68;

/// Steps from version i+1 to i+2, in order. They change tables; the views are those of views.sql.
constexpr std::array<const std::string_view*, kSchemaVersion - 1> kMigrations{&kMigration2Sql};

/// The views of every version so far. They go before the first step: ALTER TABLE looks at them.
constexpr std::string_view kDropViews =
    "DROP VIEW IF EXISTS recordings; DROP VIEW IF EXISTS sessions; DROP VIEW IF EXISTS exchanges;"
    " DROP VIEW IF EXISTS messages; DROP VIEW IF EXISTS http;";

std::int64_t big_endian_32(ByteView header, std::size_t offset) {
  std::int64_t value = 0;
  for (const char octet : header.substr(offset, 4)) {
    value = value << 8 | static_cast<unsigned char>(octet);
  }
  return value;
}

Result<void> judge(std::int64_t application, std::int64_t version, const std::string& path) {
  if (application != kApplicationId) {
    return std::unexpected(Error(ErrorSource::Store, path,
                                 "is a SQLite database of another program, expected a store of "
                                 "Understudy or a new file name"));
  }
  if (version > kSchemaVersion) {
    return std::unexpected(Error(
        ErrorSource::Store, path,
        fmt::format("has store version {}, this program knows up to {}: use a newer Understudy",
                    version, kSchemaVersion)));
  }
  if (version < 1) {
    return std::unexpected(Error(
        ErrorSource::Store, path,
        fmt::format("has store version {}, which no Understudy wrote: it is damaged", version)));
  }
  return {};
}

/// Judges an open store, whose log may hold a newer header than the file; gives its version.
Result<std::int64_t> judged_version(Database& database) {
  auto application = database.integer("PRAGMA application_id");
  if (!application) return application;
  auto version = database.integer("PRAGMA user_version");
  if (!version) return version;
  if (auto fine = judge(*application, *version, database.path()); !fine) {
    return std::unexpected(std::move(fine.error()));
  }
  return version;
}

Result<void> create(Database& database) {
  // The page size can only be chosen before anything is written.
  if (auto sized = database.run(fmt::format("PRAGMA page_size = {}", kPageBytes).c_str()); !sized) {
    return sized;
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  const std::string script = fmt::format(
      "{}\n{}\nPRAGMA application_id = {};\nPRAGMA user_version = {};\n"
      "INSERT INTO meta VALUES ('format', {}), ('created_by', 'understudy'),"
      " ('redaction_key', randomblob(32));",
      kSchemaSql, kViewsSql, kApplicationId, kSchemaVersion, kSchemaVersion);
  if (auto made = database.run(script.c_str()); !made) return made;
  return transaction->commit();
}

/// To be current is judged twice: without a lock, as nearly always, and where it was not, with one,
/// since another program may have migrated in between.
Result<void> migrate(Database& database) {
  auto version = judged_version(database);
  if (!version) return std::unexpected(std::move(version.error()));
  if (*version == kSchemaVersion) return {};
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  version = judged_version(database);
  if (!version) return std::unexpected(std::move(version.error()));
  if (*version == kSchemaVersion) return {};
  std::string script(kDropViews);
  for (std::int64_t from = *version; from < kSchemaVersion; ++from)
    script += *kMigrations.at(static_cast<std::size_t>(from - 1));
  script +=
      fmt::format("{}\nPRAGMA user_version = {};\nUPDATE meta SET value = {} WHERE key = 'format';",
                  kViewsSql, kSchemaVersion, kSchemaVersion);
  if (auto done = database.run(script.c_str()); !done) return done;
  return transaction->commit();
}

}  // namespace

Result<void> check_header(ByteView header, const std::string& path) {
  if (header.empty()) return {};
  if (header.size() < kHeaderBytes || !header.starts_with(kMagic)) {
    return std::unexpected(Error(ErrorSource::Store, path,
                                 "is not a store of Understudy (no SQLite database), expected one "
                                 "or a new file name"));
  }
  return judge(big_endian_32(header, kApplicationIdOffset),
               big_endian_32(header, kUserVersionOffset), path);
}

Result<std::int64_t> check_version(Database& database) {
  auto pages = database.integer("PRAGMA page_count");
  if (!pages) return pages;
  if (*pages == 0) {
    return std::unexpected(
        Error(ErrorSource::Store, database.path(), "is empty: nothing was recorded in it"));
  }
  return judged_version(database);
}

Result<void> create_or_migrate(Database& database) {
  auto pages = database.integer("PRAGMA page_count");
  if (!pages) return std::unexpected(std::move(pages.error()));
  if (auto done = *pages == 0 ? create(database) : migrate(database); !done) return done;
  auto mode = database.text("PRAGMA journal_mode = WAL");
  if (!mode) return std::unexpected(std::move(mode.error()));
  if (*mode != "wal") {
    return std::unexpected(Error(ErrorSource::Store, database.path(),
                                 "cannot be opened in WAL mode: its file system lacks shared "
                                 "memory (a network drive?)"));
  }
  return {};
}

}  // namespace understudy
