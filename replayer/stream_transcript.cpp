#include "replayer/stream_transcript.h"

#include "protocols/content/hex.h"
#include "replayer/matcher/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

/// Bytes that a miss shows of each side.
constexpr std::size_t kShownBytes = 16;

std::size_t common_size(ByteView a, ByteView b) {
  const std::size_t size = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first -
      a.begin());
}

/// The turn in which `offset` lies, else the last one of the client.
const ScriptTurn* turn_around(const StreamScript& script, std::uint64_t offset) {
  const ScriptTurn* found = script.turns.empty() ? nullptr : &script.turns.front();
  for (const ScriptTurn& turn : script.turns) {
    if (turn.client_size == 0) continue;
    found = &turn;
    if (offset < turn.client_begin + turn.client_size) break;
  }
  return found;
}

NearStub describe_difference(const StreamScript& script, std::uint64_t common, ByteView so_far,
                             ByteView got, bool used_up) {
  NearStub near;
  const ScriptTurn* turn = turn_around(script, common);
  near.exchange = turn == nullptr ? 0 : turn->exchange;
  near.label = fmt::format("session s{}{}{}", script.session, turn == nullptr ? "" : ": ",
                           turn == nullptr ? "" : turn->label);
  const std::uint64_t live_size = so_far.size() + got.size();
  const std::uint64_t longest = std::max<std::uint64_t>(script.client.size(), live_size);
  if (used_up && common == live_size) {
    near.differences.push_back({"repeats", "as many sessions as recorded", "one more"});
    return near;
  }
  near.distance = longest == 0 ? 0 : 1 - static_cast<double>(common) / static_cast<double>(longest);
  const ByteView expected = ByteView(script.client).substr(common, kShownBytes);
  const ByteView live = common < so_far.size() ? so_far.substr(common, kShownBytes)
                                               : got.substr(common - so_far.size(), kShownBytes);
  near.differences.push_back({fmt::format("byte {}", common), to_hex(expected), to_hex(live)});
  return near;
}

}  // namespace

bool StreamTranscript::is_front_of(const StreamScript& other) const {
  if (script == nullptr || script == &other) return true;
  return ByteView(other.client).starts_with(client()) && same_server_bytes(*script, other, sent);
}

std::size_t StreamTranscript::front_size(const StreamScript& other, ByteView bytes) const {
  if (other.client.size() < received) return 0;
  return common_size(ByteView(other.client).substr(received), bytes);
}

const ScriptTurn* StreamTranscript::turn_at(const StreamScript& other, std::uint64_t offset) {
  auto turn = std::ranges::lower_bound(other.turns, offset, {}, &ScriptTurn::client_begin);
  while (turn != other.turns.end() && turn->client_size == 0)
    ++turn;
  return turn != other.turns.end() && turn->client_begin == offset ? &*turn : nullptr;
}

std::vector<std::size_t> StreamTranscript::replayed_turns() const {
  std::vector<std::size_t> positions;
  if (script == nullptr) return positions;
  for (std::size_t i = 0; i < script->turns.size(); ++i) {
    const ScriptTurn& turn = script->turns[i];
    const bool came = turn.client_size > 0 && turn.client_begin + turn.client_size <= received;
    const bool banner_left =
        turn.client_size == 0 && std::ranges::any_of(script->sends, [&](const ScriptSend& send) {
          return send.turn == i && send.begin < sent;
        });
    if (came || banner_left) positions.push_back(i);
  }
  return positions;
}

std::vector<NearStub> nearest_sessions(const std::vector<StreamScript>& scripts,
                                       const StreamTranscript& transcript, ByteView got,
                                       bool used_up) {
  const ByteView so_far = transcript.client();
  std::vector<std::pair<std::uint64_t, const StreamScript*>> ranked;
  for (const StreamScript& script : scripts) {
    if (ranked.size() == kMaxNearSessions) break;
    std::uint64_t common = common_size(script.client, so_far);
    if (common == so_far.size()) common += common_size(ByteView(script.client).substr(common), got);
    ranked.emplace_back(common, &script);
  }
  const auto earlier = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;  // recorded order
  };
  std::ranges::sort(ranked, earlier);
  if (ranked.size() > kMaxNearest) ranked.resize(kMaxNearest);
  std::vector<NearStub> nearest;
  for (const auto& [common, script] : ranked) {
    nearest.push_back(describe_difference(*script, common, so_far, got, used_up));
  }
  return nearest;
}

}  // namespace understudy
