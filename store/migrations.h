// The version of a store file: new files get the schema, older ones are brought up to date, and
// what is newer or not ours is refused before a byte of it changes. No state.
#pragma once

#include "protocols/core/error.h"
#include "store/sqlite.h"

#include <cstdint>
#include <string_view>

namespace understudy {

/// schema.sql, views.sql and the migrations, built into the program.
extern const std::string_view kSchemaSql, kViewsSql, kMigration2Sql;

/// PRAGMA application_id of every store: "Unds".
inline constexpr std::int64_t kApplicationId = 0x556E6473;
/// PRAGMA user_version that this program writes; rises with every change to the .sql files.
inline constexpr std::int64_t kSchemaVersion = 2;
/// The first version with tls_handshake and upstream_connection.place.
inline constexpr std::int64_t kVersionWithTls = 2;
/// The cheapest for rows of 1 KiB as for bodies of 100 KiB: FORMAT.md. Files of an earlier program
/// keep theirs.
inline constexpr int kPageBytes = 32768;

/// Says whether a database file may be touched, from its first 100 bytes alone: SQLite would
/// already recover and checkpoint while it opens. `header` empty = a new file, fine. Errors:
/// Store (not SQLite, another program's, newer than this program).
[[nodiscard]] Result<void> check_header(ByteView header, const std::string& path);

/// For readers: the same from an open connection; an empty file is refused too. Gives the file's
/// version, ours or an older one.
[[nodiscard]] Result<std::int64_t> check_version(Database& database);

/// For writers, after check_header: makes the schema in a new file, or runs the migrations between
/// the file's version and ours, all in one transaction, none of them dropping what was recorded;
/// then switches to WAL.
[[nodiscard]] Result<void> create_or_migrate(Database& database);

}  // namespace understudy
