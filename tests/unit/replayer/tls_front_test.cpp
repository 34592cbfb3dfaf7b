// Playbooks for services that are reached by TLS or plain: which one the first bytes tell.
#include "replayer/tls_front.h"

#include "replayer/exchange_repertoire.h"
#include "tests/unit/replayer/conversation_driver.h"
#include "tests/unit/replayer/recorded_sessions.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using test::Driver;
using test::Stage;

const Bytes kHello = "\x16\x03\x01 the rest of a ClientHello";

std::unique_ptr<StreamRepertoire> echo() {
  return test::service(test::list(test::session(1, {{"PING\n", "pong\n"}})));
}
std::unique_ptr<StreamRepertoire> greeter() {
  return test::service(test::list(test::session(1, {{"", "hello\n"}, {"BYE\n", "bye\n"}})));
}
std::unique_ptr<Conversation> front(Repertoire& repertoire, Stage& stage,
                                    std::string name = "db.example") {
  return std::make_unique<TlsFront>(repertoire, stage.place(), std::move(name));
}

TEST(TlsFront, PlainClientsAreServedPlain) {
  const auto repertoire = echo();
  Stage stage;
  Driver client(front(*repertoire, stage));
  EXPECT_TRUE(client.conversation().idle());
  EXPECT_EQ(client.say("PI"), "");
  EXPECT_EQ(client.tls(), nullptr);
  EXPECT_EQ(client.say("NG\n"), "pong\n");
}

TEST(TlsFront, AHelloAsksForTlsOverAllThatWasRead) {
  const auto repertoire = echo();
  for (std::size_t size = 1; size <= kHello.size(); ++size) {
    Stage stage;
    Driver client(front(*repertoire, stage));
    client.say(ByteView(kHello).substr(0, size));
    ASSERT_NE(client.tls(), nullptr);
    EXPECT_EQ(client.tls()->unread, kHello.substr(0, size));
    EXPECT_EQ(client.tls()->names, std::vector<std::string>{"db.example"});
    client.secured();
    EXPECT_EQ(client.say("PING\n"), "pong\n");
  }
}

TEST(TlsFront, AServerThatSpeaksFirstWaitsForTheHandshake) {
  const auto repertoire = greeter();
  Stage stage;
  Driver client(front(*repertoire, stage));
  EXPECT_EQ(client.at(std::chrono::hours(1)), "");
  client.say(kHello);
  EXPECT_EQ(client.secured(), "hello\n");
  EXPECT_EQ(client.say("BYE\n"), "bye\n");
}

TEST(TlsFront, WhatAServiceKnowsOfTheClientFollowsItsTransport) {
  class Asked final : public Repertoire {
   public:
    std::unique_ptr<Conversation> converse(const ConversationPlace& place) override {
      secured = place.secured;
      return echo_->converse(place);
    }
    [[nodiscard]] Silence first_silence() const override { return Silence::Idle; }
    [[nodiscard]] std::size_t stub_count() const override { return 0; }
    [[nodiscard]] std::vector<UnusedExchange> unused() const override { return {}; }
    std::optional<bool> secured;

   private:
    std::unique_ptr<StreamRepertoire> echo_ = echo();
  };
  Asked repertoire;
  Stage stage;
  Driver secret(front(repertoire, stage, ""));
  EXPECT_EQ(secret.conversation().silence(), Silence::Idle);
  secret.say(kHello);
  EXPECT_TRUE(secret.tls()->names.empty());
  secret.secured();
  EXPECT_EQ(repertoire.secured, true);
  Driver plain(front(repertoire, stage));
  plain.say("PING\n");
  EXPECT_EQ(repertoire.secured, false);
}

TEST(TlsFront, AClientThatLeavesWithoutAWordIsLetGo) {
  const auto repertoire = greeter();
  Stage stage;
  Driver client(front(*repertoire, stage));
  EXPECT_EQ(client.eof(), "");
  EXPECT_EQ(client.end(), Outbox::End::Close);
}

}  // namespace
}  // namespace understudy
