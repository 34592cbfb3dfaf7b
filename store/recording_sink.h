// How recorded rows reach a store. The recorder fills batches on its worker threads and hands them
// over whole; the one implementation that writes is RecordingWriter, tests use a list.
//
// A Batch is filled and emptied by one thread at a time. RecordingSink is safe from any thread.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/recorded.h"
#include "protocols/core/tape.h"
#include "protocols/core/time.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

/// Bytes inside a Batch.
struct Span {
  std::uint32_t begin = 0;  ///< in Batch::bytes, or kInLarge + index in Batch::large
  std::uint32_t size = 0;
  static constexpr std::uint32_t kInLarge = 0x8000'0000;
};

/// A session begins.
struct SessionOpened {
  std::int64_t id = 0;
  std::uint32_t rule = 0;  ///< position of the rule in RecordingStart::rules
  Timestamp at{};
  std::string client_address, local_address;  ///< "127.0.0.1:50947"
};

struct SessionClosed {
  std::int64_t id = 0;
  Timestamp at{};
  std::string reason;  ///< "client closed", "upstream reset", "stopped", …
  std::string note;    ///< what the decoder stumbled on; empty = nothing
  std::uint64_t client_bytes = 0, server_bytes = 0;
  std::uint64_t dropped_bytes = 0;  ///< not stored under `--overload drop` or a failed store
};

/// One connection to an upstream (or the attempt), written when its outcome is known.
struct UpstreamOpened {
  std::int64_t session = 0;
  UpstreamNo number = 0;
  Timestamp at{};
  std::string destination;  ///< as the route named it, "api.example.com:80"
  std::string address;      ///< the address that answered, empty = none did
  Duration resolve{0}, connect{0};
  std::string error;  ///< empty = connected
  std::string place;  ///< Route::place; empty = the rule's own
};

/// Where an upstream connection leads, known only after it was written.
struct UpstreamPlaced {
  std::int64_t session = 0;
  UpstreamNo number = 0;
  std::string place;  ///< Route::place
};

/// A TLS handshake with the client or an upstream, written when its outcome is known. Within TLS
/// (a tunnel through a proxy that is reached over TLS) the later row is the inner one.
struct TlsAgreed {
  std::int64_t session = 0;
  UpstreamNo upstream = 0;  ///< 0 = with the client
  Timestamp at{};
  Duration duration{0};
  std::string version;      ///< "TLSv1.3"; empty = it failed
  std::string cipher;       ///< "TLS_AES_128_GCM_SHA256"
  std::string server_name;  ///< SNI; empty = none
  std::string alpn;         ///< agreed on; empty = none
  bool resumed = false;
  /// How the peer's certificate was judged: "ok", "not checked", or OpenSSL's reason.
  std::string verified;
  std::string peer_subject;           ///< "CN=partner,O=Example"; empty = it sent no certificate
  std::string own_chain, peer_chain;  ///< PEM, leaf first; empty = none sent
  std::string error;                  ///< empty = agreed
};

/// An exchange, the first time it is written. Most are complete by then and never touched again.
struct ExchangeRow {
  std::int64_t id = 0;
  std::int64_t session = 0;
  ExchangeNo number = 0;
  UpstreamNo upstream = 0;
  Side opener = Side::Client;
  Origin origin = Origin::Upstream;
  bool open = true;  ///< more may follow as SegmentRow, and an ExchangeUpdate ends it
  Ending ending = Ending::Complete;
  std::uint16_t status = 0;
  Timestamp started_at{};
  Duration duration{0};
  std::string_view protocol;  ///< static text of the registry
  Span method, resource;
  Span request, reply;  ///< bytes as received (redacted), so far
  Span chunks;          ///< chunk_list.h
  Span edits;           ///< edit_list.h; both sides
  Span note;
};

/// More bytes of an exchange that was written open.
struct SegmentRow {
  std::int64_t exchange = 0;
  Side from = Side::Client;
  std::uint64_t offset = 0;  ///< of its first byte in that side's message bytes of the exchange
  Span bytes;
  Span chunks;
};

/// What became of an exchange that was written open.
struct ExchangeUpdate {
  std::int64_t id = 0;
  Origin origin = Origin::Upstream;
  bool open = false;
  Ending ending = Ending::Complete;
  std::uint16_t status = 0;
  Duration duration{0};
  std::uint64_t request_size = 0, reply_size = 0;  ///< all bytes, segments included
  Span method, resource;                           ///< empty = as written before
  Span edits;  ///< further ones, appended to those written before
  Span note;   ///< empty = as written before
};

/// Rows of one worker, in the order in which they must be written: field by field, top to bottom.
struct Batch {
  Bytes bytes;                  ///< little more than kMaxBatchBytes, so that Span's 31 bits hold
  std::vector<Bytes> large;     ///< handed over whole instead of copied
  std::size_t large_bytes = 0;  ///< memory of `large`
  std::vector<SessionOpened> sessions_opened;
  std::vector<UpstreamOpened> upstreams;
  std::vector<UpstreamPlaced> places;
  std::vector<TlsAgreed> tls;
  std::vector<ExchangeRow> exchanges;
  std::vector<SegmentRow> segments;
  std::vector<ExchangeUpdate> updates;
  std::vector<SessionClosed> sessions_closed;

  [[nodiscard]] bool empty() const {
    return sessions_opened.empty() && upstreams.empty() && places.empty() && tls.empty() &&
           exchanges.empty() && segments.empty() && updates.empty() && sessions_closed.empty();
  }
  /// Memory of the bytes that wait in it.
  [[nodiscard]] std::size_t size() const { return bytes.size() + large_bytes; }
  /// Forgets the rows and keeps the memory, large buffers excepted.
  void clear() {
    bytes.clear();
    large.clear();
    large_bytes = 0;
    sessions_opened.clear();
    upstreams.clear();
    places.clear();
    tls.clear();
    exchanges.clear();
    segments.clear();
    updates.clear();
    sessions_closed.clear();
  }
  Span add(ByteView view) {
    const Span span{static_cast<std::uint32_t>(bytes.size()),
                    static_cast<std::uint32_t>(view.size())};
    bytes += view;
    return span;
  }
  /// Takes a large buffer as it is; `buffer` is empty afterwards.
  Span take(Bytes& buffer) {
    const Span span{Span::kInLarge + static_cast<std::uint32_t>(large.size()),
                    static_cast<std::uint32_t>(buffer.size())};
    large_bytes += buffer.capacity();
    large.push_back(std::exchange(buffer, {}));
    return span;
  }
  [[nodiscard]] ByteView view(Span span) const {
    if (span.begin >= Span::kInLarge) return large[span.begin - Span::kInLarge];
    return ByteView(bytes).substr(span.begin, span.size);
  }
};

/// A worker hands a batch over when it holds this much, even before its beat.
inline constexpr std::size_t kMaxBatchBytes = std::size_t{1024} * 1024;

class RecordingSink {
 public:
  virtual ~RecordingSink() = default;

  /// An empty batch, recycled where one is at hand.
  virtual std::unique_ptr<Batch> new_batch() = 0;
  /// An empty buffer that was large before, where one is at hand, else a new one: fresh memory of
  /// that size costs a third of relaying what goes into it.
  virtual Bytes large_buffer() { return {}; }
  /// Hands rows over. Never blocks and never refuses: the bound is kept by asking full() first.
  virtual void submit(std::unique_ptr<Batch> batch) = 0;
  /// More is queued than the bound allows: stop reading from peers until it is not.
  [[nodiscard]] virtual bool full() const noexcept = 0;
  /// The store broke (disk full, file gone): nothing more will be kept, submit() only counts.
  [[nodiscard]] virtual bool broken() const noexcept = 0;

  /// Row ids, rising; each is handed out once.
  virtual std::int64_t next_session_id() noexcept = 0;
  virtual std::int64_t next_exchange_id() noexcept = 0;
};

/// What a recording is, when it starts.
struct RecordingStart {
  std::string name;     ///< empty = the UTC time, "2026-11-21T09:13:14Z"
  std::string command;  ///< the COMMAND line, empty = none
  std::vector<ForwardRule> rules;
};

}  // namespace understudy
