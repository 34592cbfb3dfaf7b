// Playbooks for conversations under redaction: live secrets match the stand-ins of recorded ones.
#include "tests/unit/replayer/recorded_sessions.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST(StreamConversation, UnderRedactionWholeTurnsAreCompared) {
  const std::string secret = "PASS (\\w+)";
  Bytes stored = "PASS hunter2\n";
  {
    ForwardRule rule;
    rule.redact.patterns.push_back(secret);
    (*RequestRedaction::make(*find_protocol("raw"), rule, "key"))->apply(stored);
  }
  ASSERT_EQ(stored.find("hunter2"), Bytes::npos);
  for (std::size_t split = 1; split < stored.size(); ++split) {
    auto lines = service(list(session(1, {{"USER\n", "who\n"}}),
                              session(2, {{"USER ann\n", "ok\n"}, {stored, "in\n"}})),
                         AfterLast::Stick, 0, secret);
    Stage stage;
    Driver client(*lines, stage);
    EXPECT_EQ(client.say("USER ann\n"), "ok\n");
    const std::string live = "PASS hunter2\n";
    EXPECT_EQ(client.say(live.substr(0, split)), "");
    EXPECT_EQ(client.say(live.substr(split)), "in\n") << split;
    EXPECT_EQ(stage.report().totals.missed, 0u);
  }
}

TEST(StreamConversation, UnderRedactionPatienceEnds) {
  auto lines = service(list(session(1, {{"HELLO WORLD\n", "hi\n"}})), AfterLast::Stick, 0, "x(y)");
  Stage stage;
  Driver client(*lines, stage);
  EXPECT_EQ(client.say("BYE\n"), "");
  EXPECT_EQ(client.end(), Outbox::End::None);
  client.at(kTurnPatience);
  EXPECT_EQ(client.end(), Outbox::End::Close);
  EXPECT_EQ(stage.report().totals.missed, 1u);
}

}  // namespace
}  // namespace understudy
