// The public views, as the sqlite3 shell shows them (contract: Store).
#include "store_fixture.h"

namespace understudy {
namespace {

using ViewsTest = StoreTest;

TEST_F(ViewsTest, HttpAnswersRightAfterRecording) {
  record(2, "one");
  EXPECT_EQ(query("SELECT method, url, status FROM http LIMIT 5"),
            "GET|http://api.example.com/items?page=7|200\n"
            "GET|http://api.example.com/items?page=7|200\n");
  EXPECT_EQ(query("SELECT started_at, duration_ms, typeof(duration_ms), rule, recording, session,"
                  " origin FROM http LIMIT 1"),
            "2026-11-21T09:13:14.250008Z|1.5|real|shop|one|1|upstream\n");
  EXPECT_EQ(query("SELECT count(*) FROM http WHERE request_headers IS NULL AND response_headers IS"
                  " NULL AND request_body IS NULL AND response_body IS NULL"),
            "2\n");
}

TEST_F(ViewsTest, UrlsAreAsTheUpstreamSeesThem) {
  struct Case {
    std::string scheme, host;
    std::uint16_t port;
    std::string prefix, resource, url;
  };
  const std::vector<Case> cases{
      {"http", "h", 80, "", "/a", "http://h/a"},
      {"http", "h", 8081, "", "/a?b=c", "http://h:8081/a?b=c"},
      {"https", "h", 443, "/base", "/a", "https://h/base/a"},
      {"https", "h", 80, "", "/a", "https://h:80/a"},
      {"http", "::1", 80, "", "/a", "http://[::1]/a"},
      {"http", "h", 80, "", "http://other/x", "http://other/x"},
      {"http", "h", 80, "", "*", "http://h"},
      {"http", "h", 80, "", "", ""},
  };
  for (const Case& one : cases) {
    RecordingStart begin = start();
    begin.rules[0].upstream_scheme = one.scheme;
    begin.rules[0].upstream = {one.host, one.port};
    begin.rules[0].path_prefix = one.prefix;
    auto writer = RecordingWriter::open(path_, begin);
    ASSERT_TRUE(writer);
    auto batch = (*writer)->new_batch();
    const auto session = add_session(**writer, *batch);
    ExchangeRow& row = add_exchange(**writer, *batch, session);
    row.resource = batch->add(one.resource);
    (*writer)->submit(std::move(batch));
    ASSERT_TRUE((*writer)->finish());
    EXPECT_EQ(query("SELECT url FROM http ORDER BY id DESC LIMIT 1"), one.url + "\n");
  }
}

TEST_F(ViewsTest, ExchangesSpellTheirCodesOut) {
  auto writer = open_writer("one");
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  ExchangeRow& ours = add_exchange(*writer, *batch, session);
  ours.origin = Origin::Understudy;
  ours.ending = Ending::CutByUs;
  ours.status = 502;
  ours.note = batch->add("refused");
  ExchangeRow& push = add_exchange(*writer, *batch, session, "", "push");
  push.opener = Side::Server;
  push.protocol = "mqtt";
  push.status = 0;
  ExchangeRow& open = add_exchange(*writer, *batch, session);
  open.open = true;
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(
      query("SELECT number, opener, origin, ending, status, duration_ms, note FROM exchanges"),
      "1|client|understudy|cut by understudy|502|1.5|refused\n"
      "2|server|upstream|complete||1.5|\n"
      "3|client|upstream|open|200||\n");
  EXPECT_EQ(query("SELECT count(*) FROM http"), "2\n") << "other protocols are not HTTP";
}

TEST_F(ViewsTest, MessagesAreTheTwoSidesOfExchanges) {
  auto writer = open_writer("one");
  auto batch = writer->new_batch();
  const auto session = add_session(*writer, *batch);
  add_exchange(*writer, *batch, session);
  add_exchange(*writer, *batch, session, "send only", "");
  writer->submit(std::move(batch));
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(query("SELECT exchange, sender, role, size, bytes FROM messages WHERE exchange = 2"),
            "2|client|request|9|send only\n");
  EXPECT_EQ(query("SELECT sender, size FROM messages WHERE exchange = 1 ORDER BY sender"),
            "client|52\nserver|43\n");
}

TEST_F(ViewsTest, RecordingsAndSessionsTellTheRest) {
  record(2, "one");
  EXPECT_EQ(query("SELECT name, sessions, exchanges, rules, command, lost_rows FROM recordings"),
            "one|1|2|1|pytest -q|0\n");
  EXPECT_EQ(query("SELECT number, recording, rule, opened_at, closed_at, client_address"
                  " FROM sessions"),
            "1|one|shop|2026-11-21T09:13:14.250008Z||127.0.0.1:50947\n");
}

}  // namespace
}  // namespace understudy
