// Runs the vectors of every registered protocol: tests/conformance/NAME/*.json.
//
//   {"about": "...", "vectors": [
//     {"name": "...", "script": [{"client": "text"}, {"server_hex": "00ff", "fin": true}, …],
//      "steps": ["client head 1 38 end", …]}]}
//
// A turn may carry "repeat": n. Each vector is run whole, byte by byte, and cut at every place.
#include "protocols/registry.h"
#include "tests/support/steps.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace understudy::testing {
namespace {

struct Vector {
  const Protocol* protocol = nullptr;
  std::string name;
  std::vector<Turn> script;
  std::vector<std::string> steps;
};

Bytes from_hex(const std::string& text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

Turn read_turn(const nlohmann::json& item) {
  Turn turn;
  for (const auto& [key, value] : item.items()) {
    if (key.starts_with("client") || key.starts_with("server")) {
      turn.from = key.starts_with("client") ? Side::Client : Side::Server;
      const auto text = value.get<std::string>();
      turn.bytes = key.ends_with("_hex") ? from_hex(text) : text;
    }
  }
  const Bytes once = turn.bytes;
  for (int i = 1; i < item.value("repeat", 1); ++i)
    turn.bytes += once;
  turn.fin = item.value("fin", false);
  return turn;
}

std::vector<Vector> load(const Protocol& protocol) {
  std::vector<Vector> vectors;
  const std::filesystem::path folder =
      std::filesystem::path(UNDERSTUDY_VECTORS) / std::string(protocol.name());
  if (!std::filesystem::exists(folder)) return vectors;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const auto document = nlohmann::json::parse(file);
    for (const auto& item : document.at("vectors")) {
      Vector vector;
      vector.protocol = &protocol;
      vector.name = entry.path().stem().string() + ": " + item.at("name").get<std::string>();
      for (const auto& turn : item.at("script"))
        vector.script.push_back(read_turn(turn));
      vector.steps = item.at("steps").get<std::vector<std::string>>();
      vectors.push_back(std::move(vector));
    }
  }
  return vectors;
}

void check_tiling(const Vector& vector, const StepRun& run) {
  for (const Side side : {Side::Client, Side::Server}) {
    Bytes sent;
    for (const Turn& turn : vector.script) {
      if (turn.from == side) sent += turn.bytes;
    }
    const auto index = static_cast<std::size_t>(side);
    EXPECT_EQ(run.covered[index] + run.held[index], sent) << vector.name;
  }
  EXPECT_EQ(run.broken, "") << vector.name;
}

/// As run_steps, but only the turn `which` is cut, once, at `at`.
StepRun run_cut_once(Decoder& decoder, const std::vector<Turn>& script, std::size_t which,
                     std::size_t at) {
  StepRunner runner(decoder);
  for (std::size_t i = 0; i < script.size(); ++i) {
    const ByteView bytes = script[i].bytes;
    if (i == which) runner.feed(script[i].from, bytes.substr(0, at), false);
    runner.feed(script[i].from, i == which ? bytes.substr(at) : bytes, script[i].fin);
  }
  return runner.run();
}

TEST(Vectors, EveryProtocolHasSome) {
  for (const Protocol* protocol : protocols()) {
    EXPECT_FALSE(load(*protocol).empty()) << protocol->name();
  }
}

TEST(Vectors, GiveTheStepsTheySay) {
  for (const Protocol* protocol : protocols()) {
    for (const Vector& vector : load(*protocol)) {
      const auto decoder = protocol->decoder();
      const StepRun run = run_steps(*decoder, vector.script, 0);
      EXPECT_EQ(run.lines, vector.steps) << vector.name;
      check_tiling(vector, run);
    }
  }
}

TEST(Vectors, GiveTheSameStepsByteByByte) {
  for (const Protocol* protocol : protocols()) {
    for (const Vector& vector : load(*protocol)) {
      const auto decoder = protocol->decoder();
      const StepRun run = run_steps(*decoder, vector.script, 1);
      EXPECT_EQ(run.lines, vector.steps) << vector.name;
      check_tiling(vector, run);
    }
  }
}

TEST(Vectors, GiveTheSameStepsCutAnywhere) {
  constexpr std::size_t kMaxCuts = 2000;  // of one turn; the few long ones are cut at their front
  for (const Protocol* protocol : protocols()) {
    for (const Vector& vector : load(*protocol)) {
      for (std::size_t which = 0; which < vector.script.size(); ++which) {
        const std::size_t cuts = std::min(vector.script[which].bytes.size(), kMaxCuts);
        for (std::size_t at = 1; at < cuts; ++at) {
          const auto decoder = protocol->decoder();
          const StepRun run = run_cut_once(*decoder, vector.script, which, at);
          ASSERT_EQ(run.lines, vector.steps) << vector.name << ", turn " << which << " at " << at;
        }
      }
    }
  }
}

}  // namespace
}  // namespace understudy::testing
