// Stores of version 1: brought up to date without a loss, or read as they are.
#include "faulty_vfs.h"
#include "store/details.h"
#include "store/recorder_lock.h"
#include "store/upgrade.h"
#include "store_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <vector>

namespace understudy {
namespace {

/// What a reader gives of a whole store, as one text.
std::string everything(RecordingReader& reader) {
  std::string text;
  const auto recordings = reader.recordings();
  if (!recordings) return describe(recordings.error());
  for (const Recording& recording : *recordings) {
    text += recording.name + " " + std::to_string(recording.sessions) + " " +
            std::to_string(recording.exchanges) + "\n";
    const auto sessions = reader.sessions(recording.id);
    if (!sessions) return describe(sessions.error());
    for (const RecordedSession& session : *sessions) {
      const auto tls = reader.tls(session.id);
      if (!tls) return describe(tls.error());
      text += session.client_address + " " + session.end_reason + " " + session.note + " " +
              std::to_string(tls->size()) + "\n";
    }
    const auto read = reader.each_exchange(recording.id, SIZE_MAX, [&](RecordedExchange&& one) {
      text += one.method + " " + one.resource + " " + std::to_string(one.upstream) + " [" +
              one.place + "] " + one.request + one.reply + std::to_string(one.chunks.size()) +
              std::to_string(one.request_edits.size()) + one.note + "\n";
      return true;
    });
    if (!read) return describe(read.error());
  }
  const auto found = reader.search("items", std::nullopt, [&](const ExchangeLine& line) {
    text += line.recording + ":" + std::to_string(line.number) + " " + line.rule + "\n";
    return true;
  });
  return found ? text : describe(found.error());
}

class VersionTest : public StoreTest {
 protected:
  VersionTest() { make_version_1(path_); }

  static void make_version_1(const std::string& path) {
    write_file(path, "");
    auto database = Database::open(path, Database::Mode::ReadWrite);
    ASSERT_TRUE(database);
    const auto made =
        database->run(contents(std::string(UNDERSTUDY_TEST_DIR) + "/version_1.sql").c_str());
    ASSERT_TRUE(made) << describe(made.error());
  }

  void change(const char* sql) {
    auto database = Database::open(path_, Database::Mode::ReadWrite);
    ASSERT_TRUE(database);
    const auto done = database->run(sql);
    ASSERT_TRUE(done) << describe(done.error());
  }

  /// Names of tables or views.
  std::vector<std::string> names(const std::string& type) {
    return lines(query("SELECT name FROM sqlite_schema WHERE type = '" + type +
                       "' AND name NOT LIKE 'sqlite_%' ORDER BY name"));
  }

  /// Every row of every table and view: a SELECT of the columns that it has now, and its result.
  std::map<std::string, std::string> rows() {
    std::map<std::string, std::string> rows;
    for (const char* type : {"table", "view"}) {
      for (const std::string& name : names(type)) {
        std::string columns;
        for (const std::string& column :
             lines(query("SELECT name FROM pragma_table_info('" + name + "')"))) {
          columns += (columns.empty() ? "quote(" : ", quote(") + column + ")";
        }
        std::string select = "SELECT " + columns + " FROM " + name;
        if (name == "meta") select += " WHERE key <> 'format'";
        rows[select] = query(select);
      }
    }
    return rows;
  }

  /// Columns with their types, defaults and keys, and the indexes.
  std::string shape() {
    std::string shape;
    for (const std::string& table : names("table")) {
      shape += table + "\n" + query("SELECT * FROM pragma_table_xinfo('" + table + "')") +
               query("SELECT name, \"unique\", origin FROM pragma_index_list('" + table + "')") +
               query("SELECT wr, strict FROM pragma_table_list WHERE name = '" + table + "'");
    }
    return shape + query(
                       "SELECT sql FROM sqlite_schema WHERE type IN ('view', 'index')"
                       " ORDER BY name");
  }

  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return lines;
  }

  std::string version() { return query("PRAGMA user_version"); }
};

TEST_F(VersionTest, KeepsEveryRowOfEveryTableAndView) {
  const auto before = rows();
  ASSERT_EQ(before.size(), 13U);  // 8 tables, 5 views
  for (const auto& [select, result] : before)
    EXPECT_NE(result, "") << select << " has nothing to lose";
  const std::string read_before = everything(*open_reader());

  const auto done = bring_up_to_date(path_);
  ASSERT_TRUE(done) << describe(done.error());
  EXPECT_TRUE(*done);
  EXPECT_EQ(version(), "2\n");
  EXPECT_EQ(query("SELECT value FROM meta WHERE key = 'format'"), "2\n");
  for (const auto& [select, result] : before)
    EXPECT_EQ(query(select), result) << select;
  EXPECT_EQ(everything(*open_reader()), read_before);
  EXPECT_EQ(query("PRAGMA integrity_check"), "ok\n");
  EXPECT_EQ(query("SELECT DISTINCT place FROM upstream_connection"), "\n");
  EXPECT_EQ(query("SELECT count(*) FROM sessions WHERE tls_version IS NULL AND tls_resumed IS NULL"
                  " AND tls_chain IS NULL AND upstream_tls IS NULL"),
            "3\n");

  const auto again = bring_up_to_date(path_);
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again) << "it is current";
}

TEST_F(VersionTest, BecomesWhatANewStoreIs) {
  ASSERT_TRUE(bring_up_to_date(path_));
  const std::string migrated = shape();
  ASSERT_TRUE(std::filesystem::remove(path_));
  record(1);
  EXPECT_EQ(migrated, shape());
}

TEST_F(VersionTest, ARecorderMigratesAndGoesOn) {
  record(2, "third");
  EXPECT_EQ(version(), "2\n");
  EXPECT_EQ(query("SELECT name, sessions, exchanges FROM recordings"),
            "first|2|4\nsecond|1|1\nthird|1|2\n");
}

TEST_F(VersionTest, IsReadAsItIsWhileARecorderIsAtWork) {
  const auto before = rows();
  {
    bool taken = false;
    const auto recorder = RecorderLock::take(path_, taken);
    ASSERT_TRUE(recorder);
    const auto done = bring_up_to_date(path_);
    ASSERT_TRUE(done) << describe(done.error());
    EXPECT_FALSE(*done);
    EXPECT_EQ(version(), "1\n");
    auto reader = open_reader();
    ASSERT_NE(reader, nullptr);
    const auto one = reader->exchange(5, SIZE_MAX);
    ASSERT_TRUE(one) << describe(one.error());
    EXPECT_EQ(one->reply, "HTTP/1.1 200 OK\r\n\r\nabcdefgh");
    EXPECT_EQ(one->upstream, 1);
    EXPECT_EQ(one->place, "");
    const std::string read = everything(*reader);
    EXPECT_NE(read.find("GET /items?page=7 1 []"), std::string::npos) << read;
    EXPECT_NE(read.find("first:1 shop"), std::string::npos) << read;
    EXPECT_EQ(rows(), before);
  }
  EXPECT_TRUE(bring_up_to_date(path_).value_or(false));
}

TEST_F(VersionTest, IsReadAsItIsWhereItMayNotBeWritten) {
  ASSERT_EQ(chmod(directory_.c_str(), 0555), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  const pid_t child = fork();
  if (child == 0) {
    // root may write anywhere, so the child becomes nobody.
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    const auto done = bring_up_to_date(path_);
    if (!done || *done) _exit(3);
    auto reader = RecordingReader::open(path_);
    if (!reader) _exit(4);
    _exit(everything(**reader).find("GET /items?page=7 1 []") == std::string::npos ? 5 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(version(), "1\n");
}

TEST_F(VersionTest, AMigrationThatFailsLeavesTheStoreAsItWas) {
  change("CREATE TABLE certificate_chain (mine)");
  const auto before = rows();
  const auto done = bring_up_to_date(path_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().source, ErrorSource::Store);
  EXPECT_NE(done.error().what.find("certificate_chain"), std::string::npos) << done.error().what;
  EXPECT_EQ(version(), "1\n");
  EXPECT_EQ(rows(), before);
}

TEST_F(VersionTest, ADiskThatFailsAtAnyStepLeavesOneVersionOrTheOther) {
  const Bytes old_store = contents(path_);
  const auto before = rows();
  FaultyVfs vfs;
  int failures = 0;
  for (bool failed = true; failed; ++failures) {
    SCOPED_TRACE("the disk fails after " + std::to_string(failures) + " calls");
    for (const char* end : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(path_ + end);
    write_file(path_, old_store);
    vfs.fail_after(failures, FaultyVfs::Kind::Io, false);
    const auto done = bring_up_to_date(path_);
    failed = vfs.has_failed();
    vfs.heal();
    EXPECT_TRUE(failed || done.value_or(false));
    if (done.value_or(false)) {
      EXPECT_EQ(version(), "2\n");
    }
    for (const auto& [select, result] : before)
      EXPECT_EQ(query(select), result) << select;
    EXPECT_EQ(query("PRAGMA integrity_check"), "ok\n");
    if (HasFailure()) return;
  }
  EXPECT_GT(failures, 20) << "hardly any step was tried";
}

TEST_F(VersionTest, AnOpenReaderIsNotDisturbed) {
  auto reader = open_reader();
  const std::string before = everything(*reader);
  ASSERT_TRUE(bring_up_to_date(path_).value_or(false));
  EXPECT_EQ(everything(*reader), before);
}

TEST_F(VersionTest, ReindexMigratesFirst) {
  const auto changed =
      rebuild_facts(path_, [](std::string_view, ByteView, ByteView) { return std::nullopt; });
  ASSERT_TRUE(changed) << describe(changed.error());
  EXPECT_EQ(version(), "2\n");
}

TEST_F(VersionTest, ReindexWorksBesideAnOldRecorder) {
  bool taken = false;
  const auto recorder = RecorderLock::take(path_, taken);
  ASSERT_TRUE(recorder);
  const auto changed = rebuild_facts(
      path_, [](std::string_view, ByteView, ByteView) { return OwnedFacts{"PUT", "/new", 201}; });
  ASSERT_TRUE(changed) << describe(changed.error());
  EXPECT_EQ(*changed, 5U);
  EXPECT_EQ(version(), "1\n");
  EXPECT_EQ(query("SELECT DISTINCT method, resource, status FROM exchange"), "PUT|/new|201\n");
}

TEST_F(VersionTest, AVersionThatNobodyWroteIsDamage) {
  change("PRAGMA user_version = 0");
  const auto reader = RecordingReader::open(path_);
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().what.find("damaged"), std::string::npos) << reader.error().what;
  EXPECT_FALSE(RecordingWriter::open(path_, start()));
  EXPECT_FALSE(bring_up_to_date(path_));
}

}  // namespace
}  // namespace understudy
