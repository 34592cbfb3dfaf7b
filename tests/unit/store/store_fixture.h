// A store in a directory of its own, and rows to put into it. For tests of one thread.
#pragma once

#include "protocols/core/chunk_list.h"
#include "protocols/core/edit_list.h"
#include "store/recording_reader.h"
#include "store/recording_writer.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace understudy {

/// 2026-11-21T09:13:14.250008Z
inline constexpr Timestamp kNoon{Duration(1'795'252'394'250'008)};

inline const Bytes kRequest = "GET /items?page=7 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";
inline const Bytes kReply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "store-test-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    path_ = (directory_ / "run.db").string();
  }
  ~StoreTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  static ForwardRule http_rule() {
    ForwardRule rule;
    rule.name = "shop";
    rule.protocol = "http";
    rule.client_scheme = rule.upstream_scheme = "http";
    rule.listen = {"localhost", 8080};
    rule.upstream = {"api.example.com", 80};
    rule.redact.headers = {"Authorization"};
    return rule;
  }

  static RecordingStart start(std::string name = "") {
    RecordingStart start;
    start.name = std::move(name);
    start.command = "pytest -q";
    start.rules = {http_rule()};
    return start;
  }

  std::unique_ptr<RecordingWriter> open_writer(std::string name = "", WriterOptions options = {}) {
    auto writer = RecordingWriter::open(path_, start(std::move(name)), std::move(options));
    if (!writer) {
      ADD_FAILURE() << describe(writer.error());
      return nullptr;
    }
    return std::move(*writer);
  }

  std::unique_ptr<RecordingReader> open_reader() {
    auto reader = RecordingReader::open(path_);
    if (!reader) {
      ADD_FAILURE() << describe(reader.error());
      return nullptr;
    }
    return std::move(*reader);
  }

  static std::int64_t add_session(RecordingWriter& writer, Batch& batch) {
    const std::int64_t id = writer.next_session_id();
    batch.sessions_opened.push_back({id, 0, kNoon, "127.0.0.1:50947", "127.0.0.1:8080"});
    return id;
  }

  /// A complete exchange; change the row that it returns as the test wants it.
  static ExchangeRow& add_exchange(RecordingWriter& writer, Batch& batch, std::int64_t session,
                                   const Bytes& request = kRequest, const Bytes& reply = kReply) {
    ExchangeRow row;
    row.id = writer.next_exchange_id();
    row.session = session;
    row.number = 1;
    row.upstream = 1;
    row.open = false;
    row.status = 200;
    row.started_at = kNoon;
    row.duration = Duration(1500);
    row.protocol = "http";
    row.method = batch.add("GET");
    row.resource = batch.add("/items?page=7");
    row.request = batch.add(request);
    row.reply = batch.add(reply);
    Bytes chunks;
    append_chunk(chunks, Side::Client, request.size(), Duration(0));
    append_chunk(chunks, Side::Server, reply.size(), Duration(1400));
    row.chunks = batch.add(chunks);
    return batch.exchanges.emplace_back(row);
  }

  /// A recording of one session with so many exchanges, finished.
  void record(int exchanges, std::string name = "") {
    auto writer = open_writer(std::move(name));
    ASSERT_NE(writer, nullptr);
    auto batch = writer->new_batch();
    const auto session = add_session(*writer, *batch);
    for (int i = 0; i < exchanges; ++i)
      add_exchange(*writer, *batch, session);
    writer->submit(std::move(batch));
    const auto summary = writer->finish();
    ASSERT_TRUE(summary) << describe(summary.error());
    EXPECT_EQ(summary->exchanges, exchanges);
  }

  /// The rows of a statement as the sqlite3 shell prints them: columns by '|', NULL empty.
  std::string query(std::string_view sql) {
    auto database = Database::open(path_, Database::Mode::ReadOnly);
    if (!database) return describe(database.error());
    // As in the shell: JSON functions of SQLite 3.40 refuse to work in a view without it.
    if (const auto trusted = database->run("PRAGMA trusted_schema = ON"); !trusted) {
      return describe(trusted.error());
    }
    auto statement = database->prepare(sql);
    if (!statement) return describe(statement.error());
    std::string rows;
    for (;;) {
      const auto more = statement->step();
      if (!more) return describe(more.error());
      if (!*more) return rows;
      for (int column = 0; column < statement->columns(); ++column) {
        if (column > 0) rows += '|';
        rows += statement->text(column);
      }
      rows += '\n';
    }
  }

  static Bytes contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write_file(const std::string& path, ByteView bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::filesystem::path directory_;
  std::string path_;
};

}  // namespace understudy
