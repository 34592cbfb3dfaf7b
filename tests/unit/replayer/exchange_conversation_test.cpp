// Playbooks for services that replay by exchange: bytes in, replies out.
#include "replayer/exchange_conversation.h"

#include "protocols/transport/keyed_hash.h"
#include "tests/unit/replayer/conversation_driver.h"
#include "tests/unit/replayer/line_protocol.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using namespace std::chrono_literals;
using test::Driver;
using test::Stage;
using test::told;

/// Builds a repertoire of the line protocol.
class Recorded {
 public:
  Recorded& on(Bytes request, Bytes reply, std::vector<Chunk> chunks = {}) {
    RecordedExchange exchange;
    exchange.id = exchange.number = ++last_;
    exchange.place = std::exchange(exchange_place_, {});
    exchange.request = std::move(request);
    exchange.reply = std::move(reply);
    exchange.reply_size = exchange.reply.size() + missing_;
    exchange.chunks = std::move(chunks);
    exchanges_.push_back(std::move(exchange));
    missing_ = 0;
    return *this;
  }
  /// The next exchange led there.
  Recorded& at(std::string place) {
    exchange_place_ = std::move(place);
    return *this;
  }
  /// Each request names its place, under this scheme.
  Recorded& places(std::string scheme) {
    place_scheme_ = std::move(scheme);
    return *this;
  }
  /// The next reply has so many bytes more, in the store only.
  Recorded& in_store(std::uint64_t bytes) {
    missing_ = bytes;
    return *this;
  }
  Recorded& timed(double factor) {
    factor_ = factor;
    return *this;
  }
  Recorded& after_last(AfterLast what) {
    after_last_ = what;
    return *this;
  }
  Recorded& redact(std::string pattern) {
    rule_.redact.patterns.push_back(std::move(pattern));
    return *this;
  }
  ExchangeRepertoire make() {
    ExchangeRepertoire::Service service;
    service.protocol = &protocol_;
    service.identity = {0, "orders", "line"};
    service.plain_scheme = "line";
    service.secure_scheme = "lines";
    service.place_scheme = place_scheme_;
    service.timing_factor = factor_;
    service.after_last = after_last_;
    service.redaction = std::move(*RequestRedaction::make(protocol_, rule_, "key"));
    ExchangeIndex index;
    for (const RecordedExchange& exchange : exchanges_)
      add(index, exchange, service);
    index.seal();
    return {std::move(service), std::move(index)};
  }

 private:
  static void add(ExchangeIndex& index, const RecordedExchange& exchange,
                  const ExchangeRepertoire::Service& service) {
    MatchKey key;
    std::string why;
    Stub stub;
    Bytes request = exchange.request;
    if (service.redaction) service.redaction->apply(request);  // as the recorder stored it
    ASSERT_TRUE(protocol_.exchange_replay()->key(request, exchange.place, key));
    stub.id = exchange.id + 1000;
    stub.number = exchange.number;
    stub.label = request_label(protocol_, request, exchange.place);
    if (!exchange.place.empty()) stub.place = index.keep_place(exchange.place);
    stub.condition = key.condition;
    stub.reply = protocol_.exchange_replay()->prepare(exchange, {}, why);
    stub.loaded_reply_bytes = exchange.reply.size();
    if (service.timing_factor > 0) stub.pace = reply_pace(exchange);
    stub.request = request;
    index.add(key.key, std::move(stub));
  }

  static inline const test::LineProtocol protocol_;
  ForwardRule rule_;
  std::int64_t last_ = 0;
  std::uint64_t missing_ = 0;
  std::string exchange_place_, place_scheme_;
  double factor_ = 0;
  AfterLast after_last_ = AfterLast::Stick;
  std::vector<RecordedExchange> exchanges_;
};

TEST(ExchangeConversation, AnswersARequest) {
  auto repertoire = Recorded().on("GET /a\n", "A!").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /a\n"), "A!");
  EXPECT_TRUE(client.conversation().idle());
  EXPECT_EQ(told(stage), std::vector<std::string>{"GET /a exact"});
  EXPECT_EQ(stage.report().requests[0].exchange, 1);
}

TEST(ExchangeConversation, LargeAnswersLeaveNoRoomBehind) {
  Scratch scratch;
  scratch.answers[0].scratch.reserve(1000);
  scratch.answers[1].scratch.reserve(kMaxKeptAnswer * 2);
  const std::size_t small = scratch.answers[0].scratch.capacity();
  scratch.answered = 2;
  scratch.forget_answers();
  EXPECT_EQ(scratch.answers[0].scratch.capacity(), small);
  EXPECT_LT(scratch.answers[1].scratch.capacity(), kMaxKeptAnswer);
}

TEST(ExchangeConversation, EverySplitGivesTheSameReplies) {
  const std::string said = "GET /a\nPUT /b 5\nhelloGET /a\nPUT /b 5\nhellO";
  std::string whole;
  for (std::size_t first = 0; first <= said.size(); ++first) {
    for (std::size_t second = first; second <= said.size(); ++second) {
      auto repertoire = Recorded()
                            .on("GET /a\n", "one ")
                            .on("GET /a\n", "two ")
                            .on("PUT /b 5\nhello", "put ")
                            .make();
      Stage stage;
      Driver client(repertoire, stage);
      client.say(ByteView(said).substr(0, first));
      client.say(ByteView(said).substr(first, second - first));
      client.say(ByteView(said).substr(second));
      if (whole.empty()) whole = client.heard();
      ASSERT_EQ(client.heard(), whole) << first << ' ' << second;
      ASSERT_TRUE(client.heard().starts_with("one put two MISS {")) << client.heard();
      ASSERT_TRUE(client.conversation().idle());
    }
  }
}

TEST(ExchangeConversation, AnswersMorePipelinedRequestsThanOneBatchInOrder) {
  Recorded recorded;
  std::string said, expected;
  for (int i = 0; i < 50; ++i) {
    const std::string path = "/" + std::to_string(i);
    recorded.on("GET " + path + "\n", path + ";");
    said += "GET " + path + "\n";
    expected += path + ";";
  }
  auto repertoire = recorded.make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say(said), expected);
}

TEST(ExchangeConversation, LeaveToSendABodyIsGivenOnceAndOnlyBeforeIt) {
  auto repertoire = Recorded().on("PUT /b 2 wait\nhi", "ok").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("PUT /b 2 wait\n"), "GO\n");
  EXPECT_EQ(client.say("h"), "");
  EXPECT_EQ(client.say("i"), "ok");
  EXPECT_EQ(client.say("PUT /b 2 wait\nhi"), "ok");  // the body is there: no leave is needed
}

TEST(ExchangeConversation, AMissNamesTheNearestAndTheConnectionGoesOn) {
  auto repertoire = Recorded().on("GET /orders/1 x=7\n", "1").on("PUT /other 1\nz", "2").make();
  Stage stage;
  Driver client(repertoire, stage);
  const std::string heard = client.say("GET /orders/2 x=8\n");
  EXPECT_NE(heard.find("\"stub\": 1"), std::string::npos) << heard;
  EXPECT_NE(heard.find("\"expected\": \"/orders/1\""), std::string::npos) << heard;
  EXPECT_EQ(heard.find("header.x"), std::string::npos) << heard;  // it does not count
  EXPECT_EQ(client.say("GET /orders/1\n"), "1");
  const ReplayReport report = stage.report();
  EXPECT_EQ(report.totals.missed, 1u);
  ASSERT_EQ(report.requests[0].nearest.size(), 2u);
  EXPECT_EQ(report.requests[0].nearest[0].exchange, 1);
}

TEST(ExchangeConversation, PlacesThatRequestsNameAreKeptApart) {
  auto repertoire = Recorded()
                        .places("line")
                        .at("line://a")
                        .on("GET /x at=a\n", "A")
                        .at("line://b")
                        .on("GET /x at=b\n", "B")
                        .make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /x at=b\n"), "B");
  EXPECT_EQ(client.say("GET /x at=a\n"), "A");
  EXPECT_EQ(told(stage),
            (std::vector<std::string>{"GET line://b/x exact", "GET line://a/x exact"}));
}

TEST(ExchangeConversation, AMissAtAnotherPlaceSaysWhereItWasRecorded) {
  auto repertoire = Recorded().places("line").at("line://a").on("GET /x at=a\n", "A").make();
  Stage stage;
  Driver client(repertoire, stage);
  const std::string heard = client.say("GET /x at=c\n");
  EXPECT_NE(heard.find("\"place\": \"line://c\""), std::string::npos) << heard;
  const ReplayReport report = stage.report();
  EXPECT_EQ(report.requests.at(0).label, "GET line://c/x");
  ASSERT_EQ(report.requests[0].nearest.size(), 1u);
  const std::vector<Difference>& differences = report.requests[0].nearest[0].differences;
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0].field, "place");
  EXPECT_EQ(differences[0].expected, "line://a");
  EXPECT_EQ(differences[0].got, "line://c");
}

TEST(ExchangeConversation, InATunnelAllLeadsToItsEnd) {
  auto repertoire = Recorded()
                        .places("line")
                        .at("lines://a")
                        .on("GET /x at=a\n", "A")
                        .at("line://b")
                        .on("GET /x at=b\n", "B")
                        .make();
  Stage stage;
  stage.destination = "lines://a";
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /x at=b\n"), "A");
}

TEST(ExchangeConversation, AMissAfterTheLastAnswerSaysSo) {
  auto repertoire = Recorded().after_last(AfterLast::Miss).on("GET /a\n", "A").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /a\n"), "A");
  const std::string heard = client.say("GET /a\n");
  EXPECT_NE(heard.find("\"field\": \"repeats\""), std::string::npos) << heard;
  EXPECT_EQ(told(stage), (std::vector<std::string>{"GET /a exact", "GET /a missed"}));
}

TEST(ExchangeConversation, ASecondAskIsExhausted) {
  auto repertoire = Recorded().on("GET /a\n", "A").make();
  Stage stage;
  Driver client(repertoire, stage);
  client.say("GET /a\nGET /a\n");
  EXPECT_EQ(told(stage), (std::vector<std::string>{"GET /a exact", "GET /a exhausted"}));
}

TEST(ExchangeConversation, MalformedIsRefusedAfterEarlierAnswersAndEndsTheConnection) {
  auto repertoire = Recorded().on("GET /a\n", "A;").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /a\n!oops\nGET /a\n"), "A;REFUSED 400 an exclamation mark\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_FALSE(client.conversation().wants_bytes());
  EXPECT_EQ(stage.report().totals.missed, 1u);
}

TEST(ExchangeConversation, ARequestWithoutAKeyIsRefused) {
  auto repertoire = Recorded().on("GET /a\n", "A").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("BAD /a\n"), "REFUSED 400 the request cannot be read\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(ExchangeConversation, ABodyOverTheLimitIsRefusedBeforeItIsThere) {
  auto repertoire = Recorded().on("GET /a\n", "A").make();
  Stage stage;
  Driver client(repertoire, stage);
  client.say("PUT /a " + std::to_string(kMaxMatchedBody + 2) + "\n");
  const std::string piece(4 * 1024 * 1024, 'x');
  for (std::size_t sent = 0; sent < kMaxMatchedBody; sent += piece.size()) {
    ASSERT_EQ(client.say(piece), "");
  }
  EXPECT_TRUE(client.say("x").starts_with("REFUSED 413"));
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(ExchangeConversation, AReplyMayEndTheConnection) {
  auto repertoire = Recorded().on("GET /a\n", "BYE").on("GET /b\n", "B").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /a\nGET /b\n"), "BYE");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(stage.report().requests.size(), 1u);
}

TEST(ExchangeConversation, EofClosesAfterWhatWasAsked) {
  auto repertoire = Recorded().on("GET /a\n", "A").make();
  Stage stage;
  Driver idle(repertoire, stage);
  idle.eof();
  EXPECT_EQ(idle.end(), Outbox::End::Close);
  Driver broken_off(repertoire, stage);
  broken_off.say("GET /");
  EXPECT_EQ(broken_off.conversation().silence(), Silence::Head);
  broken_off.eof();
  EXPECT_EQ(broken_off.end(), Outbox::End::Close);
  EXPECT_TRUE(stage.report().requests.empty());
}

TEST(ExchangeConversation, BytesThatWereNotLoadedFollowTheReply) {
  auto repertoire = Recorded().in_store(1000).on("GET /big\n", "front").on("GET /a\n", "A").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /big\nGET /a\n"), "front<1001:5+1000>A");
}

TEST(ExchangeConversation, SecretsMatchTheirStandIns) {
  auto repertoire = Recorded().redact("token=(\\w+)").on("GET /a?token=abc123\n", "A").make();
  EXPECT_EQ(repertoire.index().stubs()[0].request.find("abc123"), Bytes::npos);
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /a?token=abc123\n"), "A");
  const std::string heard = client.say("GET /a?token=other9\n");
  EXPECT_TRUE(heard.starts_with("MISS")) << heard;
  EXPECT_EQ(heard.find("other9"), std::string::npos) << heard;  // reports hold no secrets either
}

TEST(ExchangeConversation, RepliesLeaveInTheirRecordedPortions) {
  const std::vector<Chunk> chunks{{Side::Client, 7, 0us},
                                  {Side::Server, 2, 100ms},
                                  {Side::Server, 1, 100ms},
                                  {Side::Server, 3, 250ms}};
  auto repertoire = Recorded().timed(2).on("GET /a\n", "123456", chunks).on("GET /b\n", "B").make();
  Stage stage;
  Driver client(repertoire, stage);
  EXPECT_EQ(client.say("GET /a\nGET /b\n"), "");
  EXPECT_FALSE(client.conversation().wants_bytes());
  EXPECT_EQ(client.at(199ms), "");
  EXPECT_EQ(client.at(200ms), "123");
  EXPECT_EQ(client.at(499ms), "");
  EXPECT_EQ(client.at(500ms), "456B");  // what was asked behind it follows in order
  EXPECT_TRUE(client.conversation().idle());
}

TEST(ExchangeConversation, DeadlinesCountFromTheArrivalNotFromTheWakeUp) {
  const std::vector<Chunk> chunks{{Side::Server, 1, 100ms}, {Side::Server, 1, 200ms}};
  auto repertoire = Recorded().timed(1).on("GET /a\n", "12", chunks).make();
  Stage stage;
  Driver client(repertoire, stage);
  client.at(1000ms);
  client.say("GET /a\n");
  EXPECT_EQ(client.at(1150ms), "1");
  EXPECT_EQ(client.at(1200ms), "2");
}

TEST(ExchangeConversation, PacedBytesFromTheStoreComeInPortionsToo) {
  const std::vector<Chunk> chunks{{Side::Server, 7, 10ms}, {Side::Server, 3, 20ms}};
  auto repertoire = Recorded().timed(1).in_store(5).on("GET /a\n", "12345", chunks).make();
  Stage stage;
  Driver client(repertoire, stage);
  client.say("GET /a\n");
  EXPECT_EQ(client.at(10ms), "12345<1001:5+2>");
  EXPECT_EQ(client.at(20ms), "<1001:7+3>");
}

TEST(ExchangeConversation, ConnectionsShareTheCursor) {
  auto repertoire = Recorded().on("GET /a\n", "1").on("GET /a\n", "2").make();
  Stage stage;
  Driver one(repertoire, stage);
  Driver two(repertoire, stage);
  EXPECT_EQ(one.say("GET /a\n"), "1");
  EXPECT_EQ(two.say("GET /a\n"), "2");
}

}  // namespace
}  // namespace understudy
