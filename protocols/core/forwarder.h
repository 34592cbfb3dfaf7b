// The live seam: what one protocol does with a client's connection while it is recorded.
//
// A Forwarder is sans-io. The relay (recorder/relay) owns sockets and calls it with bytes and
// events; it answers at once through the Link that it is handed: connect there, send this, close.
// Where a request goes, what is rewritten in it and how our own errors look is decided here, per
// request, so that gateways, forward proxying, farms and HTTP/2 need no second relay.
//
//        client ──bytes──▶ relay ──client_bytes()──▶ Forwarder ──Link::send_upstream()──▶ relay ──▶
//        upstream client ◀──bytes── relay ◀─Link::send_client()── Forwarder ◀──upstream_bytes()──
//        relay ◀── upstream
//
// One thread at a time (the session's worker). A Forwarder never blocks, never throws on input and
// has no clock.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "protocols/core/tape.h"
#include "protocols/core/time.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace understudy {

/// Where a request goes.
struct Route {
  Endpoint destination;
  bool tls = false;
  std::string server_name;  ///< for SNI and certificate checks; empty = destination.host
  /// What the URLs of its exchanges begin with, "https://api.example.com" (place.h); empty = as
  /// the rule says. Part of what replay finds them by.
  std::string place;

  Route() = default;
  explicit Route(Endpoint where) : destination(std::move(where)) {}
};

/// Which silence ends a session. The relay keeps the lengths (RelayLimits), by these reasons.
enum class Wait : std::uint8_t {
  None,   ///< nothing is due: an idle keep-alive connection, a raw stream
  Head,   ///< the client has begun a request head and owes the rest
  Reply,  ///< the upstream owes a reply
  /// Whoever speaks first on a new stream tells what it is; a server that waits for nobody is
  /// waited for only briefly.
  FirstBytes,
};

/// Why an upstream could not be had.
enum class NoUpstream : std::uint8_t {
  Refused,    ///< refused, not found, not reachable (502)
  TimedOut,   ///< nobody answered in time (504)
  Loop,       ///< it is ourselves (508)
  Untrusted,  ///< TLS could not be agreed on, or its certificate is not good (502)
};

/// What a TLS handshake with a client told.
struct ClientTlsFacts {
  std::string server_name;  ///< SNI; empty = none
  std::string alpn;         ///< agreed on; empty = none
};

class Forwarder;

/// What a Forwarder may ask for. Implemented by the relay, and by a script in tests.
class Link {
 public:
  virtual ~Link() = default;

  /// Starts connecting; upstream_opened() or upstream_failed() follows, never from within open().
  virtual UpstreamNo open(const Route& route) = 0;
  /// Sends the pieces, in order, in one go where the socket takes them; what it does not take is
  /// kept and the side that the bytes came from is not read until it is gone (back-pressure). The
  /// views need to live only for the call.
  virtual void send_client(std::span<const ByteView> pieces) = 0;
  virtual void send_upstream(UpstreamNo upstream, std::span<const ByteView> pieces) = 0;
  /// Passes on a FIN once everything sent before is out.
  virtual void finish_client() = 0;
  virtual void finish_upstream(UpstreamNo upstream) = 0;
  /// Ends the session: what was sent is flushed (bounded by a deadline), then all sockets close.
  virtual void close() = 0;
  /// Ends the session with resets, as a peer did.
  virtual void abort() = 0;
  /// Lets go of an upstream: it is closed, and no event of it follows.
  virtual void close_upstream(UpstreamNo upstream) = 0;
  /// Starts TLS with the client, on what it sent and was not taken. `fallback`: the name that it is
  /// served a certificate for where it names none; empty = as the rule says. client_secured() or
  /// client_lost() follows, never from within. What the client sends then is shown decrypted. May
  /// be called again within TLS (a tunnel through a proxy that is reached over TLS).
  virtual void secure_client(std::string fallback) = 0;
  /// Starts TLS with an open upstream, as route.tls says; upstream_opened() or upstream_failed()
  /// follows, never from within. It is offered what was agreed on with the client (ALPN).
  virtual void secure_upstream(UpstreamNo upstream, const Route& route) = 0;
  /// What the URLs of an open upstream's exchanges begin with (Route::place), known only now.
  virtual void leads_to(UpstreamNo upstream, const std::string& place) = 0;
  /// Gives the session to `next`: once the running call returns, next->start() is called, and all
  /// events go to it, the bytes that were not taken first. The caller is destroyed.
  virtual void become(std::unique_ptr<Forwarder> next) = 0;
  /// What silence is being waited for; cheap, may be called per message.
  virtual void expect(Wait wait) = 0;
  virtual Tape& tape() = 0;
  /// The authority's certificate in PEM, for clients that ask for it; empty = there is none.
  [[nodiscard]] virtual ByteView authority_pem() const = 0;
  /// Others than this machine can connect to the rule.
  [[nodiscard]] virtual bool is_public() const = 0;
  /// Hosts whose clients did not take our certificate, remembered over all sessions of the rule.
  virtual void remember_rejection(const std::string& host) = 0;
  [[nodiscard]] virtual bool was_rejected(const std::string& host) const = 0;
};

/// What became of bytes that were shown.
struct Taken {
  std::size_t size = 0;  ///< so many from the front; the rest is shown again
  /// The rest waits for an event of the other side, not for more bytes: read no more until then.
  bool blocked = false;
};

class Forwarder {
 public:
  virtual ~Forwarder() = default;

  /// The client is connected. Protocols whose server may speak first open their upstream here.
  virtual void start(Link& link) = 0;
  /// All unread bytes of the client. `fin`: it sends no more (called once more with what is left,
  /// also when that is nothing).
  virtual Taken client_bytes(ByteView unread, bool fin, Link& link) = 0;
  virtual Taken upstream_bytes(UpstreamNo upstream, ByteView unread, bool fin, Link& link) = 0;
  virtual void upstream_opened(UpstreamNo upstream, Link& link) = 0;
  virtual void upstream_failed(UpstreamNo upstream, const Error& error, NoUpstream why,
                               Link& link) = 0;
  /// TLS was agreed on: after secure_client(), and before start() where the rule itself is TLS.
  virtual void client_secured(const ClientTlsFacts& facts, Link& link) {
    static_cast<void>(facts);
    static_cast<void>(link);
  }
  /// A connection broke (reset). The forwarder closes the exchange on the tape and ends the
  /// session.
  virtual void client_lost(const Error& error, Link& link) = 0;
  virtual void upstream_lost(UpstreamNo upstream, const Error& error, Link& link) = 0;
  /// The silence named by expect() lasted too long.
  virtual void timed_out(Wait wait, Link& link) = 0;
  /// The program stops: end open exchanges on the tape, then Link::close().
  virtual void stop(Link& link) = 0;
};

}  // namespace understudy
