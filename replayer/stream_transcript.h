// What a live connection of a stream service has said and heard so far, as a part of the recorded
// session that it follows: nothing of it needs to be kept. A value; pure.
#pragma once

#include "replayer/report.h"
#include "replayer/stream_script.h"

#include <cstdint>
#include <vector>

namespace understudy {

struct StreamTranscript {
  const StreamScript* script = nullptr;  ///< null: nothing was said or heard yet
  std::uint64_t received = 0;            ///< client bytes, equal to the front of script->client
  std::uint64_t sent = 0;                ///< server bytes, the front of what its sends hold

  [[nodiscard]] ByteView client() const {
    return script == nullptr ? ByteView{} : ByteView(script->client).substr(0, received);
  }
  /// `other` is the same so far: a connection may go on as it.
  [[nodiscard]] bool is_front_of(const StreamScript& other) const;
  /// The client bytes of `other` go on with `bytes`.
  [[nodiscard]] bool continues(const StreamScript& other, ByteView bytes) const {
    return front_size(other, bytes) == bytes.size() && is_front_of(other);
  }
  /// How many of `bytes` the client bytes of `other` hold from here on.
  [[nodiscard]] std::size_t front_size(const StreamScript& other, ByteView bytes) const;
  /// The turn of `other` that begins where this ends; null = none does.
  [[nodiscard]] static const ScriptTurn* turn_at(const StreamScript& other, std::uint64_t offset);
  /// Positions of the turns that were replayed: their client bytes came, or, where they have none,
  /// their first server bytes left.
  [[nodiscard]] std::vector<std::size_t> replayed_turns() const;
};

/// The recorded sessions nearest to a client that went on with `got` where none does, with the
/// offset in the session and the bytes there. `used_up`: some do fit, but each has had its turn.
[[nodiscard]] std::vector<NearStub> nearest_sessions(const std::vector<StreamScript>& scripts,
                                                     const StreamTranscript& transcript,
                                                     ByteView got, bool used_up);

/// Sessions that a miss is compared with: at most a few milliseconds.
inline constexpr std::size_t kMaxNearSessions = 10'000;

}  // namespace understudy
