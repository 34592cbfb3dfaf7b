// Playbooks for a forward proxy in replay: requests to places, tunnels, what is spoken inside.
#include "replayer/proxy_conversation.h"

#include "replayer/tunnel_conversation.h"
#include "tests/unit/replayer/conversation_driver.h"
#include "tests/unit/replayer/line_protocol.h"
#include "tests/unit/replayer/recorded_sessions.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using namespace std::chrono_literals;
using test::Driver;
using test::Stage;
using test::told;

const Bytes kHello = "\x16\x03\x01 the rest of a ClientHello";

/// Builds a proxy of the line protocol.
class Recorded {
 public:
  Recorded& at(const std::string& place, Bytes request, Bytes reply) {
    RecordedExchange exchange;
    exchange.reply = std::move(reply);
    exchange.reply_size = exchange.reply.size();
    MatchKey key;
    std::string why;
    Stub stub;
    EXPECT_TRUE(protocol_.exchange_replay()->key(request, place, key));
    stub.id = stub.number = ++last_;
    stub.label = request_label(protocol_, request, place);
    stub.place = index_.keep_place(place);
    stub.reply = protocol_.exchange_replay()->prepare(exchange, {}, why);
    stub.loaded_reply_bytes = exchange.reply_size;
    stub.request = std::move(request);
    index_.add(key.key, std::move(stub));
    return *this;
  }
  Recorded& bytes_at(bool secured, const Endpoint& destination,
                     const std::vector<test::Turn>& turns) {
    scripts_[tunnel_key(secured, destination)].push_back(test::session(++last_, turns));
    return *this;
  }
  std::unique_ptr<ProxyRepertoire> make() {
    ExchangeRepertoire::Service service;
    service.protocol = &protocol_;
    service.identity = {0, "proxy", "line"};
    service.plain_scheme = "line";
    service.secure_scheme = "lines";
    index_.seal();
    ProxyRepertoire::Parts parts;
    parts.rule.proxy.emplace();
    parts.authority_pem = "PEM\n";
    parts.exchanges = std::make_unique<ExchangeRepertoire>(std::move(service), std::move(index_));
    for (auto& [key, scripts] : scripts_)
      parts.streams[key] = test::service(std::move(scripts));
    parts.strangers = test::service({});
    parts.plain_bytes_scheme = "tcp";
    parts.secure_bytes_scheme = "tls";
    return std::make_unique<ProxyRepertoire>(std::move(parts));
  }

 private:
  static inline const test::LineProtocol protocol_;
  std::int64_t last_ = 0;
  ExchangeIndex index_;
  std::map<TunnelKey, std::vector<StreamScript>> scripts_;
};

using Lines = std::vector<std::string>;

TEST(ProxyConversation, RequestsOfOneConnectionLeadToSeveralPlaces) {
  const auto proxy =
      Recorded().at("line://a", "GET /x at=a\n", "A;").at("line://b", "GET /x at=b\n", "B;").make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("GET /x at=b\nGET /x at=a\n"), "B;A;");
  EXPECT_TRUE(client.say("GET /x at=c\n").starts_with("MISS"));
  EXPECT_EQ(told(stage),
            (Lines{"GET line://b/x exact", "GET line://a/x exact", "GET line://c/x missed"}));
}

TEST(ProxyConversation, WhatTheProxyAnswersItselfIsControl) {
  const auto proxy = Recorded().at("line://a", "GET /x at=a\n", "A;").make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("KEY /understudy\nGET /x at=a\n"), "PEM\nA;");
  EXPECT_EQ(client.say("GET /x\n"), "WHERE\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(told(stage),
            (Lines{"KEY /understudy control", "GET line://a/x exact", "GET /x control"}));
}

TEST(ProxyConversation, EverySplitOfATunnelGivesTheSame) {
  const Bytes said = "GET /x at=a\nCONNECT a:7 x\nGET /y\nGET /z\n";
  for (std::size_t first = 0; first <= said.size(); ++first) {
    for (std::size_t second = first; second <= said.size(); ++second) {
      const auto proxy = Recorded()
                             .at("line://a", "GET /x at=a\n", "X;")
                             .at("line://a:7", "GET /y\n", "Y;")
                             .at("line://a", "GET /y\n", "no")
                             .make();
      Stage stage;
      Driver client(*proxy, stage);
      client.say(ByteView(said).substr(0, first));
      client.say(ByteView(said).substr(first, second - first));
      client.say(ByteView(said).substr(second));
      ASSERT_TRUE(client.heard().starts_with("X;YES\nY;MISS")) << client.heard();
      ASSERT_EQ(told(stage), (Lines{"GET line://a/x exact", "CONNECT a:7 control",
                                    "GET line://a:7/y exact", "GET line://a:7/z missed"}));
    }
  }
}

TEST(ProxyConversation, TheClientWaitsForLeaveToUseATunnel) {
  const auto proxy = Recorded().at("line://a:7", "GET /y\n", "Y;").make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("CONNECT a:7\n"), "YES\n");
  EXPECT_TRUE(client.conversation().idle());
  EXPECT_FALSE(client.waits());  // nobody ever spoke first there
  EXPECT_EQ(client.say("GET /y\n"), "Y;");
}

TEST(ProxyConversation, TlsInsideATunnelIsForTheHostThatWasAskedFor) {
  const auto proxy = Recorded()
                         .at("lines://a:7", "GET /y\n", "secret")
                         .at("line://a:7", "GET /y\n", "plain")
                         .make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("CONNECT a:7\n"), "YES\n");
  client.say(kHello);
  ASSERT_NE(client.tls(), nullptr);
  EXPECT_EQ(client.tls()->names, Lines{"a"});
  EXPECT_EQ(client.tls()->unread, kHello);
  client.secured();
  EXPECT_EQ(client.say("GET /y\n"), "secret");
  EXPECT_EQ(told(stage), (Lines{"CONNECT a:7 control", "GET lines://a:7/y exact"}));
}

TEST(ProxyConversation, TheProxyItselfMayBeReachedByTls) {
  const auto proxy =
      Recorded().at("line://a", "GET /x at=a\n", "A;").at("lines://a:7", "GET /y\n", "Y;").make();
  Stage stage;
  Driver client(*proxy, stage);
  client.say(kHello);
  ASSERT_NE(client.tls(), nullptr);
  EXPECT_TRUE(client.tls()->names.empty());
  client.secured();
  EXPECT_EQ(client.say("GET /x at=a\nCONNECT a:7\n"), "A;YES\n");
  client.say(kHello);
  ASSERT_NE(client.tls(), nullptr);
  EXPECT_EQ(client.tls()->names, Lines{"a"});
  client.secured();
  EXPECT_EQ(client.say("GET /y\n"), "Y;");
}

TEST(ProxyConversation, AHandshakeLeadsToATunnelWhateverThePackets) {
  const Bytes said = "@?\n@a:7\nGET /y\n";
  for (std::size_t cut = 1; cut < said.size(); ++cut) {
    const auto proxy = Recorded().at("line://a:7", "GET /y\n", "Y;").make();
    Stage stage;
    Driver client(*proxy, stage);
    client.say(ByteView(said).substr(0, cut));
    client.say(ByteView(said).substr(cut));
    EXPECT_EQ(client.heard(), "@!\nYES\nY;") << cut;
    EXPECT_EQ(told(stage), (Lines{"tunnel a:7 control", "GET line://a:7/y exact"}));
  }
}

TEST(ProxyConversation, AHandshakeThatIsRefusedEndsTheConnection) {
  const auto proxy = Recorded().make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("@nowhere"), "");
  EXPECT_EQ(client.conversation().silence(), Silence::Head);
  EXPECT_EQ(client.say("\n"), "NO\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

TEST(ProxyConversation, BytesOfAnotherSortFollowTheSessionsThatLedThere) {
  const auto proxy = Recorded()
                         .bytes_at(false, {"db", 5432}, {{"ping\n", "pong\n"}})
                         .bytes_at(true, {"db", 5432}, {{"ping\n", "secret\n"}})
                         .bytes_at(false, {"other", 5432}, {{"ping\n", "wrong\n"}})
                         .make();
  Stage stage;
  Driver plain(*proxy, stage);
  plain.say("CONNECT DB:5432\n");
  EXPECT_EQ(plain.say("ping\n"), "pong\n");
  Driver secret(*proxy, stage);
  secret.say("@db:5432\n");
  secret.say(kHello);
  secret.secured();
  EXPECT_EQ(secret.say("ping\n"), "secret\n");
}

TEST(ProxyConversation, WhereOnlyTheServerBeginsItBeginsAtOnce) {
  const auto proxy =
      Recorded().bytes_at(false, {"mail", 25}, {{"", "220 hello\n"}, {"QUIT\n", "221\n"}}).make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("CONNECT mail:25\n"), "YES\n220 hello\n");
  EXPECT_EQ(client.say("QUIT\n"), "221\n");
}

TEST(ProxyConversation, WhereTheServerMayBeginItBeginsAfterASilence) {
  const auto proxy = Recorded()
                         .bytes_at(false, {"mail", 25}, {{"", "220 hello\n"}, {"QUIT\n", "221\n"}})
                         .at("lines://mail:25", "GET /y\n", "Y;")
                         .make();
  Stage stage;
  Driver silent(*proxy, stage);
  EXPECT_EQ(silent.say("CONNECT mail:25\n"), "YES\n");
  EXPECT_EQ(silent.at(kFirstBytesPatience - 1ms), "");
  EXPECT_EQ(silent.at(kFirstBytesPatience), "220 hello\n");
  Driver secret(*proxy, stage);
  EXPECT_EQ(secret.say("CONNECT mail:25\n"), "YES\n");
  secret.say(kHello);
  EXPECT_EQ(secret.secured(), "");
  EXPECT_EQ(secret.say("GET /y\n"), "Y;");
}

TEST(ProxyConversation, AFewBytesThatMayBeAnythingAreWaitedOnOnlyBriefly) {
  const auto proxy = Recorded().bytes_at(false, {"db", 1}, {{"OK", "yes"}}).make();
  Stage stage;
  Driver client(*proxy, stage);
  client.say("CONNECT db:1\n");
  EXPECT_EQ(client.say("OK"), "");  // perhaps a method
  EXPECT_EQ(client.at(kFirstBytesPatience), "yes");
}

TEST(ProxyConversation, BytesToWhereNothingWasRecordedAreMissed) {
  const auto proxy = Recorded().bytes_at(false, {"db", 1}, {{"ping\n", "pong\n"}}).make();
  Stage stage;
  Driver client(*proxy, stage);
  EXPECT_EQ(client.say("CONNECT db:2\nping\n"), "YES\n");
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(told(stage), (Lines{"CONNECT db:2 control", "tcp://db:2: 5 bytes \"ping\\n\" missed"}));
}

TEST(ProxyConversation, AClientThatLeavesATunnelUnusedIsLetGo) {
  const auto proxy = Recorded().make();
  Stage stage;
  Driver client(*proxy, stage);
  client.say("CONNECT a:7\n");
  client.eof();
  EXPECT_EQ(client.end(), Outbox::End::Close);
  Driver half(*proxy, stage);
  half.say("CONNECT a:7\n");
  half.say("GE");
  half.eof();
  EXPECT_EQ(stage.report().totals.missed, 1u);
}

TEST(ProxyConversation, CountsWhatNobodyAskedFor) {
  const auto proxy = Recorded()
                         .at("line://a", "GET /x at=a\n", "A;")
                         .bytes_at(false, {"db", 1}, {{"ping\n", "pong\n"}})
                         .make();
  EXPECT_EQ(proxy->stub_count(), 2u);
  EXPECT_EQ(proxy->unused().size(), 2u);
  Stage stage;
  Driver client(*proxy, stage);
  client.say("CONNECT db:1\nping\n");
  EXPECT_EQ(proxy->unused().size(), 1u);
}

}  // namespace
}  // namespace understudy
