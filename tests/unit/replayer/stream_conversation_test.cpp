// Playbooks for services that are replayed as whole conversations.
#include "replayer/stream_conversation.h"

#include "tests/unit/replayer/recorded_sessions.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST(StreamConversation, EachTurnGetsItsReplyHoweverItIsSplit) {
  const std::string said = "HELLO\nPING\nQUIT\n";
  for (std::size_t first = 0; first <= said.size(); ++first) {
    for (std::size_t second = first; second <= said.size(); ++second) {
      auto lines = service(
          list(session(1, {{"HELLO\n", "hi\n"}, {"PING\n", "pong\n"}, {"QUIT\n", "bye\n"}})));
      Stage stage;
      Driver client(*lines, stage);
      for (const ByteView part :
           {ByteView(said).substr(0, first), ByteView(said).substr(first, second - first),
            ByteView(said).substr(second)}) {
        if (!part.empty()) client.say(part);
      }
      ASSERT_EQ(client.heard(), "hi\npong\nbye\n") << first << ' ' << second;
      ASSERT_EQ(outcomes(stage), (std::vector<std::string>{"11 exact", "12 exact", "13 exact"}));
      ASSERT_TRUE(unused(*lines).empty());
      ASSERT_EQ(client.end(), Outbox::End::None);
    }
  }
}

TEST(StreamConversation, NothingIsSaidBeforeATurnIsWhole) {
  auto lines = service(list(session(1, {{"PING\n", "pong\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("PIN"), "");
  EXPECT_FALSE(client.conversation().idle());
  EXPECT_EQ(client.say("G\n"), "pong\n");
  EXPECT_TRUE(client.conversation().idle());
}

TEST(StreamConversation, TheServerMaySpeakFirst) {
  auto lines = service(list(session(1, {{"", "220 ready\n"}, {"HELO\n", "250 ok\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.heard(), "220 ready\n");
  EXPECT_EQ(client.say("HELO\n"), "250 ok\n");
  EXPECT_EQ(outcomes(stage), std::vector<std::string>{"12 exact"});
  EXPECT_TRUE(unused(*lines).empty());
}

TEST(StreamConversation, ClosesWhereTheServerClosed) {
  auto lines = service(list(session(1, {{"QUIT\n", "bye\n"}}, "upstream closed")));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("QUIT\n"), "bye\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(StreamConversation, ResetsWhereTheServerDid) {
  auto lines = service(list(session(1, {{"BOOM\n", "ha"}}, "upstream reset")));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("BOOM\n"), "ha");
  EXPECT_EQ(client.end(), Outbox::End::Reset);
}

TEST(StreamConversation, AServerThatOnlySpeaksIsWalkedByConnections) {
  auto lines = service(list(session(1, {{"", "monday"}}, "upstream closed"),
                            session(2, {{"", "tuesday"}}, "upstream closed")));
  Stage stage;
  EXPECT_EQ(Driver(*lines, stage).heard(), "monday");
  EXPECT_EQ(Driver(*lines, stage).heard(), "tuesday");
  EXPECT_EQ(Driver(*lines, stage).heard(), "tuesday");
  EXPECT_TRUE(unused(*lines).empty());
}

std::vector<StreamScript> two_alike() {
  return list(session(1, {{"Q\n", "one\n"}}), session(2, {{"Q\n", "two\n"}}));
}

TEST(StreamConversation, SessionsAreWalkedInRecordedOrderThenTheLastSticks) {
  auto lines = service(two_alike());
  Stage stage;
  std::string heard;
  for (int i = 0; i < 4; ++i)
    heard += Driver(*lines, stage).say("Q\n");
  EXPECT_EQ(heard, "one\ntwo\ntwo\ntwo\n");
  EXPECT_EQ(outcomes(stage),
            (std::vector<std::string>{"11 exact", "21 exact", "21 exhausted", "21 exhausted"}));
}

TEST(StreamConversation, SessionsLoop) {
  auto lines = service(two_alike(), AfterLast::Loop);
  Stage stage;
  std::string heard;
  for (int i = 0; i < 5; ++i)
    heard += Driver(*lines, stage).say("Q\n");
  EXPECT_EQ(heard, "one\ntwo\none\ntwo\none\n");
}

TEST(StreamConversation, SessionsMissAfterTheLast) {
  auto lines = service(two_alike(), AfterLast::Miss);
  Stage stage;
  std::string heard;
  for (int i = 0; i < 2; ++i)
    heard += Driver(*lines, stage).say("Q\n");
  Driver third(*lines, stage);
  EXPECT_EQ(third.say("Q\n"), "");
  EXPECT_EQ(third.end(), Outbox::End::Close);
  EXPECT_EQ(heard, "one\ntwo\n");
  const ReplayReport report = stage.report();
  EXPECT_EQ(report.totals.missed, 1u);
  EXPECT_EQ(report.requests[2].nearest[0].differences[0].field, "repeats");
}

TEST(StreamConversation, ABannerIsNotSaidOnceAllSessionsAreUsedUp) {
  auto lines = service(list(session(1, {{"", "hi\n"}, {"Q\n", "A\n"}})), AfterLast::Miss);
  Stage stage;
  Driver first(*lines, stage);
  first.say("Q\n");
  Driver second(*lines, stage);
  EXPECT_EQ(second.heard(), "");
  EXPECT_EQ(second.end(), Outbox::End::Close);
  EXPECT_EQ(stage.report().totals.missed, 1u);
}

TEST(StreamConversation, TheClientsBytesChooseTheSession) {
  auto lines = service(list(session(1, {{"LOGIN\n", "ok\n"}, {"A\n", "a\n"}}),
                            session(2, {{"LOGIN\n", "ok\n"}, {"B\n", "b\n"}})));
  Stage stage;
  Driver one(*lines, stage);
  EXPECT_EQ(one.say("LOGIN\n"), "ok\n");
  EXPECT_EQ(one.say("B\n"), "b\n");  // goes on as session 2, and gives session 1 back
  Driver two(*lines, stage);
  EXPECT_EQ(two.say("LOGIN\nA\n"), "ok\na\n");
  EXPECT_EQ(stage.report().totals.exhausted, 0u);
  EXPECT_TRUE(unused(*lines).empty());
}

TEST(StreamConversation, AnotherSessionTakesOverOnlyWithTheSameServerBytes) {
  auto lines = service(list(session(1, {{"LOGIN\n", "ok 1\n"}, {"A\n", "a\n"}}),
                            session(2, {{"LOGIN\n", "ok 2\n"}, {"B\n", "b\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("LOGIN\n"), "ok 1\n");
  EXPECT_EQ(client.say("B\n"), "");
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(StreamConversation, ATurnFromTheMiddleOfAPacketDecides) {
  auto lines = service(list(session(1, {{"L\n", "ok\n"}, {"A\n", "a\n"}}),
                            session(2, {{"L\n", "ok\n"}, {"B\n", "b\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("L\nB\n"), "ok\nb\n");
}

TEST(StreamConversation, AMismatchAnswersWhatCameBeforeSaysWhereAndCloses) {
  auto lines = service(list(session(1, {{"GET 1\n", "one\n"}, {"GET 2\n", "two\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("GET 1\nGET 3\nGET 1\n"), "one\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  const ReplayReport report = stage.report();
  ASSERT_EQ(report.requests.size(), 2u);
  const ReportedRequest& missed = report.requests[1];
  EXPECT_EQ(missed.outcome, Outcome::Missed);
  EXPECT_EQ(missed.label, "12 bytes \"GET 3\\nGET 1\\n\"");
  ASSERT_EQ(missed.nearest.size(), 1u);
  EXPECT_EQ(missed.nearest[0].exchange, 12);
  EXPECT_EQ(missed.nearest[0].differences[0].field, "byte 10");
  EXPECT_EQ(missed.nearest[0].differences[0].expected, "320a");
  EXPECT_EQ(missed.nearest[0].differences[0].got,
            "330a474554"
            "20310a");
}

TEST(StreamConversation, AMismatchAnswersTheFrontThatAnotherSessionHas) {
  auto lines = service(
      list(session(1, {{"X\n", "x\n"}}), session(2, {{"GET 1\n", "one\n"}, {"GET 2\n", "two\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("GET 1\nGET 3\n"), "one\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(outcomes(stage), (std::vector<std::string>{"21 exact", "0 missed"}));
}

TEST(StreamConversation, BytesAfterTheEndOfTheSessionAreAMiss) {
  auto lines = service(list(session(1, {{"Q\n", "A\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  client.say("Q\n");
  client.say("more");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(stage.report().requests[1].nearest[0].differences[0].expected, "");
}

TEST(StreamConversation, ATurnThatIsCutShortIsAMiss) {
  auto lines = service(list(session(1, {{"QUESTION\n", "A\n"}})));
  Stage stage;
  Driver client(*lines, stage);
  client.say("QUEST");
  client.eof();
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(stage.report().totals.missed, 1u);
}

TEST(StreamConversation, AClientMayFinishAndStillHearTheReply) {
  auto lines =
      service(list(session(1, {{"Q\n", "A\n"}}, "client closed", 100ms)), AfterLast::Stick, 1);
  Stage stage;
  Driver client(*lines, stage);
  client.say("Q\n");
  EXPECT_EQ(client.eof(), "");
  EXPECT_EQ(client.end(), Outbox::End::None);
  EXPECT_EQ(client.at(100ms), "A\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(StreamConversation, AConnectionThatSaysNothingTakesNoSession) {
  auto lines = service(list(session(1, {{"", "hi\n"}, {"Q\n", "one\n"}}),
                            session(2, {{"", "hi\n"}, {"Q\n", "two\n"}})));
  Stage stage;
  {
    Driver probe(*lines, stage);
  }
  Driver waiting(*lines, stage);
  Driver busy(*lines, stage);
  EXPECT_EQ(busy.say("Q\n"), "two\n");  // each keeps the session whose banner it heard
  EXPECT_EQ(waiting.say("Q\n"), "one\n");
  EXPECT_EQ(stage.report().totals.exact, 2u);
}

TEST(StreamConversation, APooledConnectionThatSpeaksFirstTakesTheFirstSession) {
  auto lines = service(list(session(1, {{"A\n", "a\n"}}), session(2, {{"B\n", "b\n"}})));
  Stage stage;
  Driver one(*lines, stage);
  Driver two(*lines, stage);
  EXPECT_EQ(two.say("A\n"), "a\n");
  EXPECT_EQ(one.say("B\n"), "b\n");
  EXPECT_EQ(stage.report().totals.exact, 2u);
}

TEST(StreamConversation, RepliesKeepTheirRecordedGaps) {
  auto lines = service(list(session(1, {{"Q\n", "A\n"}, {"R\n", "B\n"}}, "upstream closed", 100ms)),
                       AfterLast::Stick, 0.5);
  Stage stage;
  Driver client(*lines, stage);
  client.at(1000ms);
  EXPECT_EQ(client.say("Q\n"), "");
  EXPECT_FALSE(client.conversation().idle());
  EXPECT_EQ(client.at(1049ms), "");
  EXPECT_EQ(client.at(1050ms), "A\n");
  EXPECT_EQ(client.say("R\n"), "");
  EXPECT_EQ(client.at(1100ms), "B\n");
  EXPECT_EQ(client.end(), Outbox::End::None);
  client.at(1150ms);
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(StreamConversation, TheClientIsHeardWhileAReplyIsDue) {
  auto lines = service(list(session(1, {{"Q\n", "A\n"}, {"R\n", "B\n"}}, "client closed", 100ms)),
                       AfterLast::Stick, 1);
  Stage stage;
  Driver client(*lines, stage);
  client.say("Q\n");
  client.at(20ms);
  EXPECT_TRUE(client.conversation().wants_bytes());
  EXPECT_EQ(client.say("R\n"), "");
  EXPECT_TRUE(client.waits());
  EXPECT_EQ(client.at(100ms), "A\n");
  EXPECT_EQ(client.at(200ms), "B\n");
}

TEST(StreamConversation, ServerBytesThatWereNotLoadedComeFromTheStore) {
  RecordedSession recorded;
  recorded.number = 1;
  std::vector<RecordedExchange> exchanges(2);
  exchanges[0].id = 77;
  exchanges[0].request = "GET\n";
  exchanges[0].reply = "front";
  exchanges[0].reply_size = 105;
  exchanges[1].id = 78;
  exchanges[1].request = "BYE\n";
  exchanges[1].reply = "bye";
  exchanges[1].reply_size = 3;
  auto lines = service(list(make_script(recorded, std::move(exchanges))));
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("GET\nBYE\n"), "front<77:5+100>bye");
}

TEST(StreamConversation, AServiceWithoutSessionsMissesLoudly) {
  auto lines = service({});
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.end(), Outbox::End::None);
  client.say("anything");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(stage.report().totals.missed, 1u);
}

}  // namespace
}  // namespace understudy
