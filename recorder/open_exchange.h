// An exchange that a tape is collecting, and the store of such objects that a worker keeps: idle
// sessions own none, and the next exchange of any session finds warm memory.
#pragma once

#include "protocols/core/chunk_list.h"
#include "protocols/core/recorded.h"
#include "protocols/core/tape.h"
#include "protocols/core/time.h"
#include "store/recording_sink.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy {

/// Buffered bytes of one exchange that are spilled before more is added: large enough that most
/// messages are one row, which is what they cost.
inline constexpr std::size_t kSpillBytes = std::size_t{128} * 1024;
/// A buffer from this size on goes into the batch as it is instead of being copied.
inline constexpr std::size_t kLargeBytes = kSpillBytes / 2;

/// What an emptied buffer may keep: a thousand connections in the middle of a body have one each.
inline constexpr std::size_t kKeptBytes = std::size_t{4} * 1024;

struct OpenExchange {
  /// One direction.
  struct Half {
    Bytes unwritten;            ///< redacted, no row has it yet
    Bytes held;                 ///< waits for the rest of its message to be redacted
    std::uint64_t written = 0;  ///< bytes in rows so far
    bool overlong = false;      ///< held passed its bound: the rest of the message is not stored

    /// Appends to `unwritten`. Once large it has a spill's worth of room, in memory of `lender`'s;
    /// null = no more room than it needs.
    void add(ByteView bytes, RecordingSink* lender);
    /// What `unwritten` counts as held memory.
    [[nodiscard]] std::int64_t weight() const {
      const bool large = unwritten.size() >= kLargeBytes;
      return static_cast<std::int64_t>(large ? unwritten.capacity() : unwritten.size());
    }
  };

  ExchangeNo number = 0;
  std::int64_t id = 0;
  std::uint32_t beat = 0;  ///< outbox beat in which it began
  UpstreamNo upstream = 0;
  std::string_view protocol;
  Side opener = Side::Client;
  Origin origin = Origin::Upstream;
  bool row_written = false;
  bool dropped = false;
  std::uint16_t status = 0;
  Timestamp started_at{};
  Half halves[2];
  Bytes chunks, edits;
  Chunk last_chunk;  ///< not in `chunks` yet: the same read may add to it
  std::string method, resource, note;
  std::string place;  ///< Facts::place; `resource` has it in front

  [[nodiscard]] Half& half(Side from) { return halves[static_cast<std::size_t>(from)]; }
  /// As new, with the memory of its small buffers.
  void reset();
};

/// Empties a buffer; what one large message made large is not kept for the small ones after it.
void empty_buffer(Bytes& buffer);

/// Exchanges that ended, for the next ones. One worker's.
class ExchangePool {
 public:
  [[nodiscard]] std::unique_ptr<OpenExchange> take();
  void give_back(std::unique_ptr<OpenExchange> ended);

 private:
  /// As many as are open at once in common load; each keeps at most a few times kKeptBytes.
  static constexpr std::size_t kMaxKept = 64;
  std::vector<std::unique_ptr<OpenExchange>> kept_;
};

}  // namespace understudy
