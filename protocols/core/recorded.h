// The recorded model as replay, views and importers see it: values read from a store. See
// store/FORMAT.md for how they lie on the disk.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"
#include "protocols/core/tape.h"
#include "protocols/core/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

/// Who made the reply.
enum class Origin : std::uint8_t { Upstream = 0, Understudy = 1 };

/// One read: `size` bytes at `offset` of the exchange's request (Client) or reply (Server), and how
/// long after the exchange began they came.
struct Chunk {
  Side from = Side::Client;
  std::uint64_t size = 0;
  Duration after{0};
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

struct RecordedExchange {
  std::int64_t id = 0;       ///< row id, unique in the store, rising in order of beginning
  std::int64_t number = 0;   ///< N of the command line: id within its recording, from 1
  std::int64_t session = 0;  ///< row id
  ExchangeNo exchange_no = 0;
  UpstreamNo upstream = 0;  ///< the connection that it went through, within its session; 0 = none
  Side opener = Side::Client;
  Origin origin = Origin::Upstream;
  bool open = false;  ///< the recorder ended before it did (kill -9)
  Ending ending = Ending::Complete;
  Timestamp started_at{};
  Duration duration{0};
  std::string protocol;
  std::string method, resource;
  std::uint16_t status = 0;
  /// Scheme and authority of the upstream, "https://api.example.com", where that is not its rule's
  /// own (a forward proxy, transparent rules); else empty. Part of what replay finds it by.
  std::string place;
  /// Exact bytes as received; of a larger message only the first part is here, see *_size.
  Bytes request, reply;
  std::uint64_t request_size = 0, reply_size = 0;
  std::vector<Chunk> chunks;  ///< in order of time
  std::vector<Edit> request_edits, reply_edits;
  std::string note;
};

/// A TLS handshake with the client or an upstream.
struct RecordedTls {
  UpstreamNo upstream = 0;  ///< 0 = with the client
  Timestamp at{};
  Duration duration{0};
  std::string version;      ///< "TLSv1.3"; empty = it failed
  std::string cipher;       ///< "TLS_AES_128_GCM_SHA256"
  std::string server_name;  ///< SNI; empty = none
  std::string alpn;         ///< agreed on; empty = none
  bool resumed = false;
  /// How the peer's certificate was judged: "ok", "not checked", or what is wrong with it.
  std::string verified;
  std::string peer_subject;           ///< empty = it sent no certificate
  std::string own_chain, peer_chain;  ///< PEM, leaf first; empty = none sent
  std::string error;                  ///< empty = agreed
};

struct RecordedSession {
  std::int64_t id = 0;
  std::int64_t number = 0;  ///< N of sN
  std::int64_t rule = 0;
  Timestamp opened_at{}, closed_at{};
  std::string client_address;
  std::string end_reason;  ///< "client closed", "upstream reset", …; empty = never ended
  std::string note;
  /// The client's first, within a tunnel the inner one after the outer. Only where they were asked
  /// for (RecordingSource::tls): the chains are long.
  std::vector<RecordedTls> tls;
};

struct RecordedRule {
  std::int64_t id = 0;
  std::int64_t position = 0;  ///< order in the configuration, from 0
  ForwardRule rule;
};

struct Recording {
  std::int64_t id = 0;
  std::string name;
  Timestamp started_at{}, ended_at{};  ///< ended_at zero = still running or killed
  std::vector<RecordedRule> rules;
  std::int64_t sessions = 0, exchanges = 0;
  std::string command;  ///< the COMMAND after --, empty = none
};

}  // namespace understudy
