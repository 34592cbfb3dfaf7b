// Playbooks for the SOCKS 5 server: what it says, asks for and refuses, whatever the packets.
#include "protocols/http/socks5_server.h"

#include <gtest/gtest.h>

#include <random>

namespace understudy {
namespace {

using Kind = Socks5Step::Kind;

Bytes bytes(std::initializer_list<int> octets) {
  Bytes made;
  for (const int octet : octets)
    made += static_cast<char>(octet);
  return made;
}

const Bytes kGreeting = bytes({5, 1, 0});
const Bytes kToExample = bytes({5, 1, 0, 3, 11}) + "example.com" + bytes({1, 187});

/// What a client hears and what comes of it.
struct Outcome {
  Bytes heard;
  Kind end = Kind::NeedMore;
  Endpoint target;
  Bytes behind;  ///< bytes that no step took
  std::string why;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome run(const ProxySettings& settings, ByteView said, std::size_t piece) {
  Socks5Server server(settings);
  Outcome outcome;
  Bytes& unread = outcome.behind;
  while (!said.empty()) {
    unread += said.substr(0, piece);
    said.remove_prefix(std::min(piece, said.size()));
    while (outcome.end != Kind::Request && outcome.end != Kind::Failed && !unread.empty()) {
      const Socks5Step step = server.step(unread);
      outcome.end = step.kind;
      if (step.kind == Kind::NeedMore) {
        EXPECT_LE(unread.size(), Socks5Server::kMaxHeld);
        break;
      }
      outcome.heard += step.reply;
      outcome.target = step.target;
      outcome.why = step.why;
      unread.erase(0, step.size);
    }
  }
  return outcome;
}

/// The outcome, which must be the same for every size of packet.
Outcome play(const Bytes& said, const std::string& credentials = "") {
  ProxySettings settings;
  settings.credentials = credentials;
  const Outcome whole = run(settings, said, said.size());
  for (std::size_t piece = 1; piece < said.size(); ++piece) {
    EXPECT_EQ(run(settings, said, piece), whole) << "packets of " << piece;
  }
  return whole;
}

TEST(Socks5Server, ANameIsAskedFor) {
  const Outcome outcome = play(kGreeting + kToExample + "GET /");
  EXPECT_EQ(outcome.heard, bytes({5, 0}));
  EXPECT_EQ(outcome.end, Kind::Request);
  EXPECT_EQ(outcome.target, (Endpoint{"example.com", 443}));
  EXPECT_EQ(outcome.behind, "GET /");
}

TEST(Socks5Server, AddressesAreTextsOfOneSpelling) {
  const auto host = [](const Bytes& address) {
    return play(kGreeting + bytes({5, 1, 0}) + address + bytes({0, 80})).target.host;
  };
  EXPECT_EQ(host(bytes({1, 192, 0, 2, 255})), "192.0.2.255");
  EXPECT_EQ(host(bytes({4}) + Bytes(15, '\0') + bytes({1})), "::1");
  EXPECT_EQ(host(bytes({4}) + Bytes(16, '\0')), "::");
  EXPECT_EQ(host(bytes({4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xA})),
            "2001:db8:0:1::a");
  EXPECT_EQ(host(bytes({4, 0x20, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0})),
            "2001:0:1:0:1:1:1:0");
}

TEST(Socks5Server, ALoginIsAskedForWhereThereAreCredentials) {
  const Bytes greeting = bytes({5, 3, 0, 1, 2});
  const Bytes login = bytes({1, 3}) + "ada" + bytes({4}) + "l0ve";
  const Outcome outcome = play(greeting + login + kToExample, "ada:l0ve");
  EXPECT_EQ(outcome.heard, bytes({5, 2, 1, 0}));
  EXPECT_EQ(outcome.end, Kind::Request);

  const Outcome wrong = play(greeting + login + kToExample, "ada:love");
  EXPECT_EQ(wrong.heard, bytes({5, 2, 1, 1}));
  EXPECT_EQ(wrong.end, Kind::Failed);
  EXPECT_EQ(wrong.why, "wrong user name or password");

  const Outcome none = play(kGreeting + kToExample, "ada:love");
  EXPECT_EQ(none.heard, bytes({5, 255}));
  EXPECT_EQ(none.end, Kind::Failed);
}

TEST(Socks5Server, ALoginThatNobodyAskedForIsTaken) {
  const Outcome outcome = play(bytes({5, 1, 2, 1, 1}) + "u" + bytes({1}) + "p" + kToExample);
  EXPECT_EQ(outcome.heard, bytes({5, 2, 1, 0}));
  EXPECT_EQ(outcome.end, Kind::Request);
}

TEST(Socks5Server, TheLongestLoginIsWithinTheBound) {
  const Bytes text(255, 'x');
  const Bytes login = bytes({1, 255}) + text + bytes({255}) + text;
  EXPECT_EQ(login.size(), Socks5Server::kMaxHeld);
  EXPECT_EQ(play(bytes({5, 1, 2}) + login + kToExample, text + ":" + text).end, Kind::Request);
}

TEST(Socks5Server, OtherCommandsAndAddressesAreRefusedWithTheirCode) {
  for (const int command : {0, 2, 3, 255}) {
    const Outcome outcome = play(kGreeting + bytes({5, command, 0, 1, 127, 0, 0, 1, 0, 80}));
    EXPECT_EQ(outcome.heard, bytes({5, 0}) + socks5_reply(Socks5Code::NoSuchCommand));
    EXPECT_EQ(outcome.end, Kind::Failed);
  }
  const Outcome outcome = play(kGreeting + bytes({5, 1, 0, 2, 0, 0, 0}));
  EXPECT_EQ(outcome.heard, bytes({5, 0}) + socks5_reply(Socks5Code::NoSuchAddress));
}

TEST(Socks5Server, NamesThatAreNoneAreRefused) {
  for (const Bytes& name : {Bytes(), Bytes("a b"), Bytes("a\0b", 3), Bytes("a\r\nb"),
                            Bytes("user@host"), Bytes("caf\xC3\xA9")}) {
    const Outcome outcome = play(kGreeting + bytes({5, 1, 0, 3, static_cast<int>(name.size())}) +
                                 name + bytes({0, 80}));
    EXPECT_EQ(outcome.heard, bytes({5, 0}) + socks5_reply(Socks5Code::Failed)) << name;
    EXPECT_EQ(outcome.end, Kind::Failed);
  }
}

TEST(Socks5Server, OtherVersionsAreRefused) {
  EXPECT_EQ(play(bytes({4, 1, 0, 80, 127, 0, 0, 1, 0})).end, Kind::Failed);
  EXPECT_EQ(play(bytes({4, 1, 0, 80, 127, 0, 0, 1, 0})).heard, "");
  EXPECT_EQ(play(bytes({5, 1, 2, 5, 1})).heard, bytes({5, 2, 1, 1}));
  EXPECT_EQ(play(kGreeting + bytes({4, 1, 0})).end, Kind::Failed);
}

TEST(Socks5Server, AfterTheEndItGoesOnFailing) {
  const ProxySettings settings;
  Socks5Server server(settings);
  EXPECT_EQ(server.step("GET / HTTP/1.1").kind, Kind::Failed);
  EXPECT_EQ(server.step(kGreeting).kind, Kind::Failed);
}

TEST(Socks5Server, GarbageIsNeverHeldBeyondTheBound) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    Bytes said = round % 2 == 0 ? kGreeting : bytes({5, 1, 2, 1});
    for (int i = 0; i < 600; ++i)
      said += static_cast<char>(random());
    EXPECT_NE(run({}, said, 1 + random() % 700).end, Kind::NeedMore);
  }
}

TEST(Socks5Server, RepliesHaveTheFormOfTheStandard) {
  EXPECT_EQ(socks5_reply(Socks5Code::Granted), bytes({5, 0, 0, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(socks5_reply(Socks5Code::NotAllowed)[1], 2);
}

}  // namespace
}  // namespace understudy
