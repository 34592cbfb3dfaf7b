#include "store/sqlite.h"

#include <sqlite3.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace understudy {
namespace {

/// How long a statement waits for another connection's lock. Others hold it for a beat or for one
/// checkpoint; longer than this is somebody's open transaction.
constexpr int kBusyMilliseconds = 10'000;

/// What to do about it, for the errors that users meet.
const char* advice(int code) {
  switch (code & 0xFF) {
    case SQLITE_NOTADB: return ": this is no store of Understudy";
    case SQLITE_CORRUPT: return ": the file is damaged; \"sqlite3 FILE .recover\" may save rows";
    case SQLITE_FULL: return ": free some space, or take another path";
    case SQLITE_IOERR: return ": its disk or file system fails; look there, or take another path";
    case SQLITE_CANTOPEN: return ": files beside it must be allowed too; or take another path";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ": another program holds a transaction open; end it";
    case SQLITE_READONLY: return ": no permission to write";
    default: return "";
  }
}

/// The errno of a failed read or write, 0 where there is none. SQLite does not pass that of a
/// COMMIT on; the files remember theirs.
int system_error(sqlite3* database) {
  int error = sqlite3_system_errno(database);
  if (error == 0) sqlite3_file_control(database, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  sqlite3_file* log = nullptr;
  if (error == 0) sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  }
  return error;
}

Error store_error(sqlite3* database, const std::string& path) {
  const int code = sqlite3_extended_errcode(database);
  std::string what = sqlite3_errmsg(database);
  if ((code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN) {
    const int cause = system_error(database);
    if (cause != 0) what += " (" + std::generic_category().message(cause) + ")";
  }
  return {ErrorSource::Store, path, what + advice(code)};
}

Error store_error(sqlite3* database) {
  const char* name = sqlite3_db_filename(database, "main");
  return store_error(database, name == nullptr ? "" : name);
}

/// SQLite's URI form of a path: what a URI gives a meaning is escaped.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?')
      uri += "%3f";
    else if (c == '#')
      uri += "%23";
    else if (c == '%')
      uri += "%25";
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
}

void Statement::bind_text(int parameter, std::string_view value) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                      value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_bytes(int parameter, ByteView value) {
  sqlite3_bind_blob64(statement_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                      value.size(), SQLITE_STATIC);
}

void Statement::bind_null(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  auto error = store_error(sqlite3_db_handle(statement_.get()));
  sqlite3_reset(statement_.get());
  return std::unexpected(std::move(error));
}

Result<void> Statement::run() {
  auto row = step();
  if (!row) return std::unexpected(std::move(row.error()));
  if (*row) reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

ByteView Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int Statement::columns() const {
  return sqlite3_column_count(statement_.get());
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<void> Database::open_with(const std::string& name, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(raw);
  if (raw == nullptr) return std::unexpected(Error(ErrorSource::Store, path_, "out of memory"));
  if (code != SQLITE_OK) return std::unexpected(store_error(raw, path_));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  // A store may come from somebody else: its schema must not run what it likes.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // SQLite reads the file at the first statement, so only now does a wrong one show.
  return run("SELECT count(*) FROM sqlite_schema");
}

Result<Database> Database::open(const std::string& path, Mode mode) {
  Database database;
  database.path_ = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return std::unexpected(
        Error(ErrorSource::Store, path, "is a directory, expected a store file"));
  }
  Result<void> opened;
  if (mode == Mode::ReadWrite) {
    opened = database.open_with(path, SQLITE_OPEN_READWRITE);
  } else if (!std::filesystem::exists(path, ignored)) {
    opened = std::unexpected(Error(ErrorSource::Store, path, "there is no such file"));
  } else {
    if (mode == Mode::ReadOnly) opened = database.open_with(path, SQLITE_OPEN_READONLY);
    // Reading in WAL mode wants an index file beside the store. Where none may be made, and no
    // log waits there either, the file alone is whole and nobody writes to it.
    const bool immutable =
        mode == Mode::Immutable || (!opened && !std::filesystem::exists(path + "-wal", ignored));
    if (immutable) {
      auto retried =
          database.open_with(immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
      if (retried || mode == Mode::Immutable) opened = std::move(retried);
    }
  }
  if (!opened) return std::unexpected(std::move(opened.error()));
  return database;
}

Result<void> Database::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(store_error(database_.get(), path_));
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return std::unexpected(store_error(database_.get(), path_));
  Statement statement;
  statement.statement_.reset(raw);
  return statement;
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  return *row ? statement->text(0) : std::string();
}

std::string Database::log_path() const {
  return sqlite3_filename_wal(sqlite3_db_filename(database_.get(), "main"));
}

std::string Database::log_index_path() const {
  return std::string(sqlite3_db_filename(database_.get(), "main")) + "-shm";
}

std::int64_t Database::last_row_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(database_.get());
}

Result<Transaction> Transaction::begin(Database& database) {
  auto begun = database.run("BEGIN IMMEDIATE");
  if (!begun) return std::unexpected(std::move(begun.error()));
  return Transaction(database);
}

Transaction::~Transaction() {
  // A failed COMMIT may have rolled back already; then there is nothing to do and that is fine.
  if (database_ != nullptr) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
  auto done = database_->run("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace understudy
