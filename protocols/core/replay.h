// The replay seam of protocols whose requests stand for themselves (HTTP): any connection, any
// order, found by key. A protocol without it is replayed as whole conversations (replayer/).
//
// Stateless, one static object per protocol, safe on all threads.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/proxy_front.h"
#include "protocols/core/recorded.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// A named part of a message: what the matcher compares, misses name and search finds.
struct Field {
  std::string name;   ///< "method", "path", "query.page", "header.accept", "body:/items/0/id"
  std::string value;  ///< text form; binary as hexadecimal digits
  /// Where it lies in the message's bytes as received; empty = not one place (decoded, derived).
  ByteRange range{};
  /// Counts when requests are matched. A miss compares only these, so that it never blames a
  /// header that would not have changed the answer.
  bool in_key = true;
};

/// What a live request is looked up by.
struct MatchKey {
  Bytes key;        ///< canonical: equal keys = requests equal by meaning
  Bytes condition;  ///< orders answers among equal keys, never excludes one (conditional headers)
  /// What answer() would otherwise read the request for once more; only the protocol knows what it
  /// means. 0 = nothing.
  std::uint32_t hints = 0;
  void clear() {
    key.clear();
    condition.clear();
    hints = 0;
  }
};

/// The reply of one recorded exchange, made ready once at load. Immutable, shared by all threads.
class PreparedReply {
 public:
  virtual ~PreparedReply() = default;

  /// How many bytes of the recorded reply, from offset reply.size() of what prepare() was given,
  /// must be sent as they are after the pieces of an answer, unless the answer says `whole`. 0 =
  /// the pieces are all (always so for what fits into RecordedExchange).
  [[nodiscard]] virtual std::uint64_t missing_bytes() const { return 0; }
};

/// What an answer depends on besides the recording.
struct LiveContext {
  Timestamp now{};          ///< for Date
  ByteView client_scheme;   ///< "http": how the client reaches us, for back-mapping
  ByteView rule_authority;  ///< "host:port" the rule listens at, where the request names none
  std::uint32_t hints = 0;  ///< MatchKey::hints of this very request, 0 = not known
};

/// How an answer leaves: bytes, then perhaps the end of the connection.
struct LiveAnswer {
  /// Pieces to send in order; they point into `scratch` or into the prepared reply, which outlives
  /// them.
  std::vector<ByteView> pieces;
  Bytes scratch;
  bool close = false;  ///< no further request can be answered on this connection
  bool reset = false;  ///< the recorded upstream broke off here: close without grace
  /// The pieces are all there is, whatever missing_bytes() says (a refusal, say).
  bool whole = false;
  void clear() {
    pieces.clear();
    scratch.clear();
    close = reset = whole = false;
  }
};

class ExchangeReplay {
 public:
  virtual ~ExchangeReplay() = default;

  /// Builds the key of a whole request (head and body, as it lies on the wire). `place`: where it
  /// leads (place.h), part of the key; empty = where its rule says, and the key is without it.
  /// False: not one that can be matched (malformed); then refuse() it.
  virtual bool key(ByteView request, ByteView place, MatchKey& out) const = 0;
  /// The place that a request names (HTTP: its host), under `scheme`, for rules that serve many.
  /// Empty = it names none.
  [[nodiscard]] virtual std::string place(ByteView request, ByteView scheme) const {
    static_cast<void>(request);
    static_cast<void>(scheme);
    return {};
  }
  /// Makes a recorded reply ready. Nothing: this exchange cannot be served (the client broke off
  /// before the reply ended); `why` then says so.
  virtual std::unique_ptr<const PreparedReply> prepare(const RecordedExchange& exchange,
                                                       const ForwardRule& rule,
                                                       std::string& why) const = 0;
  /// Answers a live request. `out` is empty on entry.
  virtual void answer(const PreparedReply& reply, ByteView request, const LiveContext& context,
                      LiveAnswer& out) const = 0;
  /// A miss in this protocol's shape, around a JSON report (HTTP: 501, Understudy-Miss: 1).
  virtual void miss(ByteView request, ByteView report_json, const LiveContext& context,
                    LiveAnswer& out) const = 0;
  /// What a malformed request gets (HTTP: 400 or 431, then close). `status` as the decoder said.
  virtual void refuse(std::uint16_t status, ByteView why, LiveAnswer& out) const = 0;
  /// What to send at once when a request's head is there and its body is still to come, so that
  /// the client sends it (HTTP: "100 Continue" where it asked). Empty = nothing.
  virtual ByteView interim(ByteView head) const = 0;
  /// The front of a forward proxy for one client; null = this protocol has no proxies. `rule`,
  /// which has `proxy` set, and what `house` names outlive it.
  [[nodiscard]] virtual std::unique_ptr<ProxyFront> proxy_front(const ForwardRule& rule,
                                                                const ProxyHouse& house) const {
    static_cast<void>(rule);
    static_cast<void>(house);
    return nullptr;
  }
};

}  // namespace understudy
