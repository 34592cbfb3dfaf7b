// Which files are opened, and that those which are not stay as they were.
#include "store_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace understudy {
namespace {

class OpeningTest : public StoreTest {
 protected:
  /// Makes a SQLite file without any of our names by hand.
  void make_database(const char* sql) {
    write_file(path_, "");
    auto database = Database::open(path_, Database::Mode::ReadWrite);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run(sql));
  }

  /// Neither a recorder nor a reader takes the file, and it stays the same byte for byte.
  void expect_refused(std::string_view reason) {
    const Bytes before = contents(path_);
    const auto writer = RecordingWriter::open(path_, start());
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().source, ErrorSource::Store);
    EXPECT_EQ(writer.error().where, path_);
    EXPECT_NE(writer.error().what.find(reason), std::string::npos) << writer.error().what;
    const auto reader = RecordingReader::open(path_);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().source, ErrorSource::Store);
    EXPECT_EQ(contents(path_), before);
  }
};

TEST_F(OpeningTest, ANewFileGetsOurMarks) {
  record(1);
  EXPECT_EQ(query("PRAGMA application_id"), "1433298035\n");
  EXPECT_EQ(query("PRAGMA user_version"), "2\n");
  EXPECT_EQ(query("PRAGMA page_size"), "32768\n");
  EXPECT_EQ(query("PRAGMA journal_mode"), "wal\n");
  EXPECT_EQ(query("PRAGMA integrity_check"), "ok\n");
}

TEST_F(OpeningTest, AnEmptyFileIsANewOne) {
  write_file(path_, "");
  EXPECT_FALSE(RecordingReader::open(path_));
  record(2);
  EXPECT_EQ(query("SELECT count(*) FROM exchange"), "2\n");
}

TEST_F(OpeningTest, RefusesWhatIsNoDatabase) {
  write_file(path_, "This is a letter, not a store.\n");
  expect_refused("not a store");
  write_file(path_, Bytes(5000, 'x'));
  expect_refused("not a store");
}

TEST_F(OpeningTest, RefusesAnotherProgramsDatabase) {
  make_database("CREATE TABLE notes (text); INSERT INTO notes VALUES ('keep me')");
  expect_refused("another program");
  ASSERT_TRUE(std::filesystem::remove(path_));
  make_database("PRAGMA journal_mode = WAL; PRAGMA application_id = 7; CREATE TABLE notes (text)");
  expect_refused("another program");
}

TEST_F(OpeningTest, RefusesANewerStore) {
  record(1);
  {
    auto database = Database::open(path_, Database::Mode::ReadWrite);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("PRAGMA user_version = 3"));
  }
  expect_refused("newer Understudy");
}

TEST_F(OpeningTest, NamesDamage) {
  record(400);
  Bytes bytes = contents(path_);
  for (std::size_t i = 100; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i * 31);
  write_file(path_, bytes);
  const auto writer = RecordingWriter::open(path_, start());
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().source, ErrorSource::Store);
  EXPECT_NE(writer.error().what.find("damaged"), std::string::npos) << writer.error().what;
  EXPECT_FALSE(RecordingReader::open(path_));
}

TEST_F(OpeningTest, NamesPathsThatCannotBe) {
  const auto folder = RecordingWriter::open(directory_.string(), start());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().source, ErrorSource::Store);
  const auto nowhere = RecordingWriter::open((directory_ / "no" / "run.db").string(), start());
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().what.find("No such file"), std::string::npos);
  const auto missing = RecordingReader::open((directory_ / "none.db").string());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().what.find("no such file"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "none.db"));
}

TEST_F(OpeningTest, ASecondRecorderIsToldThePid) {
  auto first = open_writer();
  ASSERT_NE(first, nullptr);
  const auto second = RecordingWriter::open(path_, start());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().source, ErrorSource::Store);
  EXPECT_NE(second.error().what.find(std::to_string(getpid())), std::string::npos)
      << second.error().what;
  ASSERT_TRUE(first->finish());
  first.reset();
  EXPECT_TRUE(RecordingWriter::open(path_, start()));
}

TEST_F(OpeningTest, OneFileRemainsAndNoLog) {
  record(3);
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

TEST_F(OpeningTest, ReadsWhereNothingMayBeWritten) {
  record(3);
  ASSERT_EQ(chmod(directory_.c_str(), 0555), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  const pid_t child = fork();
  if (child == 0) {
    // root may write anywhere, so the child becomes nobody.
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    auto reader = RecordingReader::open(path_);
    if (!reader) _exit(3);
    const auto recording = (*reader)->recording("");
    _exit(recording && recording->exchanges == 3 ? 0 : 4);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace understudy
