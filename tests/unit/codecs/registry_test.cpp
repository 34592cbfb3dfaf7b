// What holds for every registered protocol, whatever bytes come.
#include "protocols/registry.h"

#include <array>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/steps.h"

namespace understudy::testing {
namespace {

/// Pieces of real messages, so that garbage gets deeper than the first line.
constexpr std::array<ByteView, 12> kPieces = {"GET / HTTP/1.1\r\n",
                                              "Host: a\r\n",
                                              "\r\n",
                                              "Content-Length: 5\r\n",
                                              "Transfer-Encoding: chunked\r\n",
                                              "5\r\nabcde\r\n",
                                              "0\r\n\r\n",
                                              "HTTP/1.1 200 OK\r\n",
                                              "HTTP/1.1 100 Continue\r\n\r\n",
                                              "Upgrade: x\r\nConnection: upgrade\r\n",
                                              "\n",
                                              " "};

std::vector<Turn> random_script(std::mt19937& random) {
  std::vector<Turn> script(1 + random() % 6);
  for (Turn& turn : script) {
    turn.from = random() % 2 == 0 ? Side::Client : Side::Server;
    for (std::size_t i = 0, count = random() % 12; i < count; ++i) {
      if (random() % 6 == 0) {
        turn.bytes += static_cast<char>(random());
      } else {
        turn.bytes += kPieces[random() % kPieces.size()];
      }
    }
  }
  return script;
}

TEST(EveryProtocol, TilesAnyStreamTheSameHoweverItIsCut) {
  std::mt19937 random(1);
  for (const Protocol* protocol : protocols()) {
    for (int round = 0; round < 3000; ++round) {
      const std::vector<Turn> script = random_script(random);
      const auto whole_decoder = protocol->decoder();
      const StepRun whole = run_steps(*whole_decoder, script, 0);
      const auto cut_decoder = protocol->decoder();
      const StepRun cut = run_steps(*cut_decoder, script, 1 + random() % 9);
      ASSERT_EQ(whole.broken + cut.broken, "") << protocol->name() << " round " << round;
      ASSERT_EQ(whole.lines, cut.lines) << protocol->name() << " round " << round;
      for (std::size_t side = 0; side < 2; ++side) {
        Bytes sent;
        for (const Turn& turn : script) {
          if (static_cast<std::size_t>(turn.from) == side) sent += turn.bytes;
        }
        ASSERT_EQ(whole.covered[side] + whole.held[side], sent);
      }
    }
  }
}

TEST(EveryProtocol, TakesAnyMessageApartWithoutHarm) {
  std::mt19937 random(2);
  for (const Protocol* protocol : protocols()) {
    for (int round = 0; round < 500; ++round) {
      for (const Turn& turn : random_script(random)) {
        const auto fields = protocol->fields(turn.from, turn.bytes);
        for (const Field& field : fields)
          EXPECT_LE(field.range.end, turn.bytes.size());
        EXPECT_LE(protocol->facts(turn.bytes, turn.bytes).status, 999);
        const auto detail = protocol->detail(turn.from, turn.bytes);
        EXPECT_TRUE(!detail || detail->body.size() <= turn.bytes.size());
      }
    }
  }
}

TEST(Registry, FindsEverySpellingOnce) {
  std::set<std::string_view> seen;
  for (const SchemeEntry& entry : all_schemes()) {
    EXPECT_TRUE(seen.insert(entry.scheme.name).second) << entry.scheme.name;
    const auto found = find_scheme(entry.scheme.name);
    ASSERT_TRUE(found);
    EXPECT_EQ(find_protocol(found->protocol->name()), found->protocol);
  }
  for (const char* name : {"http", "https", "tcp", "tls", "mqtt", "mqtts", "ims", "imss",
                           "imsconnect", "ipic", "ipics", "kafka"}) {
    EXPECT_TRUE(seen.contains(name)) << name;
  }
  EXPECT_EQ(find_scheme("mqtts")->scheme.default_port, 8883);
  EXPECT_TRUE(find_scheme("mqtts")->as_raw && find_scheme("mqtts")->scheme.tls);
  EXPECT_FALSE(find_scheme("https")->as_raw);
  EXPECT_FALSE(find_scheme("gopher"));
  EXPECT_EQ(find_protocol("gopher"), nullptr);
}

TEST(Registry, GuessesHttp) {
  const Protocol& http = *find_protocol("http");
  EXPECT_EQ(http.guess("GET / HTTP/1.1\r\n"), Guess::Sure);
  EXPECT_EQ(http.guess("GE"), Guess::NeedMore);
  EXPECT_EQ(http.guess("GET / HT"), Guess::NeedMore);
  EXPECT_EQ(http.guess("\x16\x03\x01"), Guess::No);
  EXPECT_EQ(http.guess("HELO me\r\n"), Guess::No);
  EXPECT_EQ(find_protocol("raw")->guess("anything"), Guess::Maybe);
}

}  // namespace
}  // namespace understudy::testing
