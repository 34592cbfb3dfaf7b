// Raw forwarding as conversations.
#include <gtest/gtest.h>

#include "protocols/core/pass_through.h"
#include "protocols/registry.h"
#include "tests/support/playbook.h"

namespace understudy::testing {
namespace {

ForwardRule raw_rule() {
  ForwardRule rule;
  rule.name = "raw";
  rule.client_scheme = rule.upstream_scheme = "tcp";
  rule.upstream = {"host.test", 7000};
  return rule;
}

TEST(PassThrough, OpensAtOnceAndHoldsTheClientUntilThen) {
  const ForwardRule rule = raw_rule();
  Playbook play(find_protocol("raw")->forwarder(rule));
  EXPECT_TRUE(play.called("open"));
  EXPECT_FALSE(play.route().tls);
  play.client("hello");
  EXPECT_TRUE(play.blocked());
  play.opened();
  EXPECT_EQ(play.to_upstream(), "hello");
}

TEST(PassThrough, RelaysABannerTurnsAndHalfClose) {
  const ForwardRule rule = raw_rule();
  Playbook play(find_protocol("raw")->forwarder(rule));
  play.opened().upstream("220 ready").client("a").upstream("1").client("b").client_fin();
  EXPECT_TRUE(play.called("finish_upstream"));
  EXPECT_FALSE(play.over());
  play.upstream_fin("2");
  EXPECT_TRUE(play.called("close"));
  EXPECT_EQ(play.to_client(), "220 ready12");
  EXPECT_EQ(play.to_upstream(), "ab");
  ASSERT_EQ(play.taped().exchanges.size(), 3U);
  EXPECT_EQ(play.exchange(1).opener, Side::Server);
  EXPECT_EQ(play.exchange(1).bytes[1], "220 ready");
  EXPECT_EQ(play.exchange(3).bytes[0], "b");
  EXPECT_EQ(play.exchange(3).bytes[1], "2");
  EXPECT_EQ(play.exchange(3).ending, Ending::Complete);
  EXPECT_EQ(play.broken(), "");
}

TEST(PassThrough, RecordsAnUpstreamThatIsNotThere) {
  const ForwardRule rule = raw_rule();
  Playbook play(find_protocol("raw")->forwarder(rule));
  play.client("hello").failed(NoUpstream::Refused);
  EXPECT_EQ(play.to_client(), "");
  EXPECT_TRUE(play.exchange(1).ours);
  EXPECT_NE(play.exchange(1).note.find("connection refused"), std::string::npos);
  EXPECT_TRUE(play.called("close"));
  EXPECT_EQ(play.broken(), "");
}

TEST(PassThrough, PassesAResetOn) {
  for (const Side side : {Side::Client, Side::Server}) {
    const ForwardRule rule = raw_rule();
    Playbook play(find_protocol("raw")->forwarder(rule));
    play.opened().client("a").lost(side);
    EXPECT_TRUE(play.called("abort"));
    EXPECT_EQ(play.exchange(1).ending,
              side == Side::Client ? Ending::CutByClient : Ending::CutByUpstream);
    EXPECT_EQ(play.broken(), "");
  }
}

/// Two bytes are a message; an 'x' is malformed.
class PairDecoder final : public Decoder {
 public:
  Step step(Side, ByteView unread, bool) override {
    Step step;
    if (unread.starts_with('x')) {
      step.kind = Step::Kind::Malformed;
      step.detail = "an x";
    } else if (unread.size() >= 2) {
      step.kind = Step::Kind::Head;
      step.exchange = ++count_;
      step.size = 2;
      step.message_ends = step.exchange_ends = true;
    }
    return step;
  }
  [[nodiscard]] std::size_t max_held() const override { return 1; }

 private:
  ExchangeNo count_ = 0;
};

TEST(PassThrough, RelaysAtOnceWhatItsDecoderMustWaitFor) {
  const ForwardRule rule = raw_rule();
  Playbook play(std::make_unique<PassThroughForwarder>(rule, std::make_unique<PairDecoder>()));
  play.opened().client("abc");
  EXPECT_EQ(play.to_upstream(), "abc");
  EXPECT_EQ(play.taped().exchanges.size(), 1U);
  play.client("d");
  EXPECT_EQ(play.exchange(2).bytes[0], "cd");
}

TEST(PassThrough, TapesAsRawWhatItsDecoderCannotRead) {
  const ForwardRule rule = raw_rule();
  Playbook play(std::make_unique<PassThroughForwarder>(rule, std::make_unique<PairDecoder>()));
  play.opened().upstream("s").client("abxyz").client("more").upstream("t");
  EXPECT_EQ(play.to_upstream(), "abxyzmore");
  ASSERT_EQ(play.taped().notes.size(), 1U);
  EXPECT_EQ(play.taped().notes[0], "not decoded from byte 2 of the client on: an x");
  Bytes client, server;
  for (const auto& [number, taped] : play.taped().exchanges) {
    client += taped.bytes[0];
    server += taped.bytes[1];
  }
  EXPECT_EQ(client, "abxyzmore");
  EXPECT_EQ(server, "st");
  EXPECT_EQ(play.taped().protocol_now, "raw");
}

TEST(PassThrough, TapesAHalfMessageAtTheEnd) {
  const ForwardRule rule = raw_rule();
  Playbook play(std::make_unique<PassThroughForwarder>(rule, std::make_unique<PairDecoder>()));
  play.opened().client("abc").client_fin().upstream_fin();
  EXPECT_EQ(play.exchange(2).bytes[0], "c");
  EXPECT_EQ(play.broken(), "");
}

}  // namespace
}  // namespace understudy::testing
