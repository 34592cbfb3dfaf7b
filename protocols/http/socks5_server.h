// The server's side of SOCKS 5 (RFC 1928), with no authentication or user name and password
// (RFC 1929). Sans-io, one per connection, one thread at a time.
//
//   greeting  = %x05 count *method                          ▶ %x05 method
//   login     = %x01 size user size password                ▶ %x01 status     ; method 2 only
//   request   = %x05 command %x00 address port              ▶ %x05 code %x00 address port
//   address   = %x01 4octets / %x03 size name / %x04 16octets     port in network order
//
// CONNECT is the only command. The request's reply is the caller's to send, once it knows what
// became of it (socks5_reply()); behind it the connection is the tunnel.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/rule.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace understudy {

/// The first byte of a SOCKS 5 connection, which no HTTP method and no TLS record begins with.
inline constexpr char kSocks5Version = 5;

/// How a request ended (RFC 1928 §6).
enum class Socks5Code : std::uint8_t {
  Granted = 0,
  Failed = 1,
  NotAllowed = 2,
  Unreachable = 4,
  Refused = 5,
  TimedOut = 6,
  NoSuchCommand = 7,
  NoSuchAddress = 8,
};

/// The reply to a request. The address in it is that of our end of the connection to the
/// destination, which clients of CONNECT have no use for: it is 0.0.0.0:0.
[[nodiscard]] Bytes socks5_reply(Socks5Code code);

struct Socks5Step {
  enum class Kind : std::uint8_t {
    NeedMore,  ///< show these bytes again with more behind them
    Reply,     ///< send `reply`, then go on with the bytes behind
    Request,   ///< `target` is asked for; what is behind belongs to the tunnel
    Failed,    ///< send `reply` (perhaps empty) and close, because of `why`
  };
  Kind kind = Kind::NeedMore;
  std::size_t size = 0;  ///< bytes that were taken, from the front
  Bytes reply;
  Endpoint target;  ///< a name as sent, or an address as text; port 0 is possible
  std::string why;
};

class Socks5Server {
 public:
  /// `settings` outlive it; of them only the credentials matter here.
  explicit Socks5Server(const ProxySettings& settings) : settings_(settings) {}

  /// Takes one step at the front of `unread`. Not to be called after Request; after Failed it fails
  /// again.
  [[nodiscard]] Socks5Step step(ByteView unread);

  /// Most bytes that a NeedMore leaves unread: less than a login with two texts of 255 bytes.
  static constexpr std::size_t kMaxHeld = 513;

 private:
  enum class State : std::uint8_t { Greeting, Login, Request, Done, Failed };

  Socks5Step greeting(ByteView unread);
  Socks5Step login(ByteView unread);
  Socks5Step request(ByteView unread);
  Socks5Step reply(std::size_t size, Bytes bytes, State next);
  Socks5Step fail(Bytes bytes, std::string why);

  const ProxySettings& settings_;
  State state_ = State::Greeting;
};

}  // namespace understudy
