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

/// Steps from version i+1 to i+2, in order. The newest schema itself is schema.sql.
constexpr std::array<const char*, kSchemaVersion - 1> kMigrations{};

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
  return {};
}

Result<void> create(Database& database) {
  // The page size can only be chosen before anything is written.
  if (auto sized = database.run(fmt::format("PRAGMA page_size = {}", kPageBytes).c_str()); !sized) {
    return sized;
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  const std::string script = fmt::format(
      "{}\nPRAGMA application_id = {};\nPRAGMA user_version = {};\n"
      "INSERT INTO meta VALUES ('format', {}), ('created_by', 'understudy'),"
      " ('redaction_key', randomblob(32));",
      kSchemaSql, kApplicationId, kSchemaVersion, kSchemaVersion);
  if (auto made = database.run(script.c_str()); !made) return made;
  return transaction->commit();
}

Result<void> migrate(Database& database, std::int64_t version) {
  for (; version < kSchemaVersion; ++version) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return std::unexpected(std::move(transaction.error()));
    const std::string script =
        fmt::format("{};\nPRAGMA user_version = {}",
                    kMigrations[static_cast<std::size_t>(version - 1)], version + 1);
    if (auto done = database.run(script.c_str()); !done) return done;
    if (auto done = transaction->commit(); !done) return done;
  }
  return {};
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

Result<void> check_version(Database& database) {
  auto pages = database.integer("PRAGMA page_count");
  if (!pages) return std::unexpected(std::move(pages.error()));
  if (*pages == 0) {
    return std::unexpected(
        Error(ErrorSource::Store, database.path(), "is empty: nothing was recorded in it"));
  }
  auto application = database.integer("PRAGMA application_id");
  if (!application) return std::unexpected(std::move(application.error()));
  auto version = database.integer("PRAGMA user_version");
  if (!version) return std::unexpected(std::move(version.error()));
  if (auto fine = judge(*application, *version, database.path()); !fine) return fine;
  if (*version < kSchemaVersion) {
    return std::unexpected(
        Error(ErrorSource::Store, database.path(),
              fmt::format("has the older store version {}: run \"understudy reindex\" on it once, "
                          "where it can be written",
                          *version)));
  }
  return {};
}

Result<void> create_or_migrate(Database& database) {
  auto pages = database.integer("PRAGMA page_count");
  if (!pages) return std::unexpected(std::move(pages.error()));
  if (*pages == 0) {
    if (auto made = create(database); !made) return made;
  } else {
    // Asked again here: a log beside the file may hold a newer header than the file.
    auto application = database.integer("PRAGMA application_id");
    if (!application) return std::unexpected(std::move(application.error()));
    auto version = database.integer("PRAGMA user_version");
    if (!version) return std::unexpected(std::move(version.error()));
    if (auto fine = judge(*application, *version, database.path()); !fine) return fine;
    if (auto done = migrate(database, *version); !done) return done;
  }
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
