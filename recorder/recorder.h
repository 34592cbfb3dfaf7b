// Rules → listeners → relays → tapes: the recording side as one object.
//
// Order of life: open() binds every port and records nothing; start() begins with a sink; stop()
// ends every session and hands the last rows over. The object is used by one thread, the counters
// by any.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "protocols/transport/upstream_proxy.h"
#include "store/recording_sink.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

class CertAuthority;
class WorkerPool;

/// Waits and sizes of a relayed connection, each with the reason for its default.
struct RelayLimits {
  /// Connecting to an upstream, name resolution included; then 504. Slower than any healthy
  /// network.
  std::chrono::milliseconds connect{10'000};
  /// A request head that was begun; then 408. Stops clients that send a byte a minute.
  std::chrono::milliseconds head{30'000};
  /// Silence while a reply is due; then 504. Long polls of real systems end within five minutes.
  std::chrono::milliseconds reply{300'000};
  /// A TLS handshake, with a client or an upstream: slower than any healthy network, and what a
  /// client that stops after its first message may cost.
  std::chrono::milliseconds handshake{10'000};
  /// Nobody says anything in a new tunnel: then its server speaks first, or nobody. Few servers
  /// that greet wait longer, and each tunnel of such a protocol waits this long once.
  std::chrono::milliseconds first_bytes{300};
  /// Flushing to a peer that does not read, once the session is over.
  std::chrono::milliseconds flush{10'000};
};

/// What happens when the writer cannot keep up.
enum class Overload : std::uint8_t {
  Stall,  ///< peers wait: nothing is lost
  Drop,   ///< peers do not wait: what is not stored is counted in the session's row
};

struct RecorderOptions {
  RelayLimits limits;
  Overload overload = Overload::Stall;
  /// Open client connections; 0 = from the descriptor limit (two per connection).
  std::size_t max_connections = 0;
  /// Signs what TLS rules and the forward proxy serve; null = there is none of them.
  std::shared_ptr<CertAuthority> authority;
  /// All upstreams are reached through it, but those that it excepts; empty = directly.
  std::optional<UpstreamProxy> upstream_proxy;
  /// Key of the store's stand-ins for redacted secrets.
  Bytes redaction_key;
  /// Ports that this recorder listens at, filled in when it binds: a connection that comes back to
  /// one of them is a loop.
  std::vector<std::uint16_t> own_ports;
  /// The authority's certificate, filled in with it.
  std::string authority_pem;
};

struct RecorderCounters {
  std::uint64_t sessions = 0;  ///< client connections taken
  std::uint64_t open_sessions = 0;
  std::uint64_t exchanges = 0;  ///< begun
  std::uint64_t refused = 0;    ///< connections over max_connections, closed at once
  /// Not stored (Overload::Drop, or a broken store): exchanges without a row, and all bytes.
  std::uint64_t dropped_exchanges = 0, dropped_bytes = 0;
};

class Recorder {
 public:
  /// Binds every rule's port. Errors: Environment (port taken, names the rule), Config (a redaction
  /// pattern; a certificate, key or cipher that a rule names). The pool must be started and outlive
  /// the recorder.
  static Result<std::unique_ptr<Recorder>> open(std::vector<ForwardRule> rules, WorkerPool& pool,
                                                RecorderOptions options);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Listening rules, in the order of the configuration.
  [[nodiscard]] std::vector<ListeningRule> listening() const;
  /// The rules as they were given, and as the store keeps them: port 0 stays 0.
  [[nodiscard]] const std::vector<ForwardRule>& rules() const;

  /// The store's key for stand-ins, before start(), where rules redact.
  void set_redaction_key(Bytes key);
  /// Accepts and records from now on. The sink outlives stop().
  void start(RecordingSink& sink);
  /// Stops accepting, lets open exchanges end for at most `grace`, then ends them as cut, and
  /// submits what is left. Safe to call again.
  void stop(std::chrono::milliseconds grace);
  /// The sink has room again: relays that wait go on. Any thread.
  void on_room();

  [[nodiscard]] RecorderCounters counters() const;

 private:
  class State;
  explicit Recorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace understudy
