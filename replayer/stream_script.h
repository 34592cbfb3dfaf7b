// One recorded session of a stream protocol as a script for the replaying side.
//
//   client bytes   ├──── turn 1 ────┤├── turn 2 ──┤          offsets in all that the client sent
//   sends                           ▲ send         ▲ send, send … close
//                              trigger: so many client bytes had come when the server spoke
//
// Immutable once built, shared by all threads.
#pragma once

#include "protocols/core/recorded.h"
#include "replayer/conversation.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// One recorded exchange: what the client said, then what the server said.
struct ScriptTurn {
  std::int64_t exchange = 0;                        ///< number within the recording
  std::uint64_t client_begin = 0, client_size = 0;  ///< in StreamScript::client
  std::string label;
  std::uint64_t key = 0;  ///< hash of the client's bytes
  Bytes reply;            ///< what is loaded of the server's bytes
};

/// Server bytes that came in one read.
struct ScriptSend {
  std::uint64_t trigger = 0;  ///< leaves once so many client bytes have come
  Duration gap{0};            ///< after what came before it, from either side
  std::uint64_t begin = 0;    ///< offset in all that the server sent
  std::uint32_t turn = 0;     ///< position in StreamScript::turns
  ByteView bytes;             ///< in ScriptTurn::reply
  StoredBytes stored;         ///< what follows `bytes` and was not loaded
  [[nodiscard]] std::uint64_t size() const { return bytes.size() + stored.size; }
};

/// Who ended the recorded session.
enum class ScriptEnd : std::uint8_t { Client, ServerClosed, ServerReset };

struct StreamScript {
  std::int64_t session = 0;  ///< N of sN
  Bytes client;              ///< all that the client sent
  std::vector<ScriptTurn> turns;
  std::vector<ScriptSend> sends;
  ScriptEnd end = ScriptEnd::Client;
  Duration end_gap{0};  ///< between the last bytes and the end

  StreamScript() = default;
  StreamScript(StreamScript&&) = default;  // sends point into turns: moved, never copied
  StreamScript& operator=(StreamScript&&) = default;
  StreamScript(const StreamScript&) = delete;
  StreamScript& operator=(const StreamScript&) = delete;

  [[nodiscard]] bool server_speaks_first() const {
    return !sends.empty() && sends.front().trigger == 0;
  }
};

/// Builds the script of a session from its exchanges, in recorded order, each with all bytes of
/// its request (as redacted) and what is loaded of its reply.
[[nodiscard]] StreamScript make_script(const RecordedSession& session,
                                       std::vector<RecordedExchange> exchanges);

/// Makes turns of a session that led to `place` (place.h) tell so, and differ from those of others.
void add_place(StreamScript& script, std::string_view place);

/// Whether the first `size` bytes that the server sends are the same in both. Bytes that were not
/// loaded are the same only as themselves.
[[nodiscard]] bool same_server_bytes(const StreamScript& a, const StreamScript& b,
                                     std::uint64_t size);

/// "14 bytes \"PING\\r\\n\"": what a turn is called where its protocol says nothing.
[[nodiscard]] std::string bytes_label(ByteView bytes);

}  // namespace understudy
