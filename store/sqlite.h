// SQLite as values that close themselves: connection, prepared statement, transaction. The only
// files that see <sqlite3.h> are this one's source and nothing else.
//
// A Database and its statements belong to one thread at a time; open one per thread. Errors are
// ErrorSource::Store with the file's name and SQLite's own words.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/error.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace understudy {

/// A prepared statement. It must not outlive its Database.
class Statement {
 public:
  /// Parameters count from 1. Text and bytes are not copied: they must live until the statement
  /// has stepped to its end or is reset.
  void bind(int parameter, std::int64_t value);
  void bind_text(int parameter, std::string_view value);
  void bind_bytes(int parameter, ByteView value);
  void bind_null(int parameter);

  /// True: a row is there. False: done; the statement is ready for the next round.
  [[nodiscard]] Result<bool> step();
  /// For statements without rows: one round, parameters kept.
  [[nodiscard]] Result<void> run();
  void reset();

  /// Columns count from 0. Views live until the next step or reset. NULL reads as 0 or empty.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] ByteView bytes(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] int columns() const;
  [[nodiscard]] explicit operator bool() const { return statement_ != nullptr; }

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Mode : std::uint8_t {
    ReadWrite,  ///< the file must be there; an empty one will do
    ReadOnly,   ///< beside a writer; falls back to Immutable where that is the only way in
    Immutable,  ///< nobody writes: no locks, no files beside it
  };
  [[nodiscard]] static Result<Database> open(const std::string& path, Mode mode);

  Database() = default;
  Database(Database&&) = default;
  Database& operator=(Database&&) = default;

  /// Runs statements one after the other, rows are dropped.
  [[nodiscard]] Result<void> run(const char* sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row; 0 and "" where there is none.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] Result<std::string> text(std::string_view sql);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The write-ahead log's and its index's: beside the file itself, where `path` is a symbolic
  /// link.
  [[nodiscard]] std::string log_path() const;
  [[nodiscard]] std::string log_index_path() const;
  [[nodiscard]] std::int64_t last_row_id() const;
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Result<void> open_with(const std::string& name, int flags);

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

/// BEGIN IMMEDIATE … COMMIT; without commit() it is rolled back.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : database_(other.database_) {
    other.database_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;

  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  ///< null: over
};

}  // namespace understudy
