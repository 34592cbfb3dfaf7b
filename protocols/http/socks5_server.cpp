#include "protocols/http/socks5_server.h"

#include "protocols/http/proxy_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace understudy {
namespace {

constexpr unsigned kNoLogin = 0, kUserAndPassword = 2;
constexpr char kNoMethod = '\xFF';
constexpr unsigned kConnect = 1;
constexpr unsigned kIpv4 = 1, kName = 3, kIpv6 = 4;
constexpr unsigned kLoginVersion = 1;

unsigned octet(ByteView bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::string ipv4_text(ByteView octets) {
  return fmt::format("{}.{}.{}.{}", octet(octets, 0), octet(octets, 1), octet(octets, 2),
                     octet(octets, 3));
}

/// The spelling of RFC 5952: lower case, the first longest run of zeros cut, so that one address is
/// one text.
std::string ipv6_text(ByteView octets) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = octet(octets, 2 * i) << 8 | octet(octets, 2 * i + 1);
  std::size_t cut = groups.size(), longest = 1;  // a single zero is not cut
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t run = 0;
    while (i + run < groups.size() && groups[i + run] == 0)
      ++run;
    if (run > longest) {
      longest = run;
      cut = i;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == cut) {
      text += "::";
      i += longest - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

/// What may stand in a host: what else comes would end up in logs, heads and certificates.
bool is_host(ByteView name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return plain || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

Bytes two(unsigned first, unsigned second) {
  return {static_cast<char>(first), static_cast<char>(second)};
}

}  // namespace

Bytes socks5_reply(Socks5Code code) {
  Bytes reply(10, '\0');
  reply[0] = kSocks5Version;
  reply[1] = static_cast<char>(code);
  reply[3] = static_cast<char>(kIpv4);
  return reply;
}

Socks5Step Socks5Server::step(ByteView unread) {
  switch (state_) {
    case State::Greeting: return greeting(unread);
    case State::Login: return login(unread);
    case State::Request: return request(unread);
    case State::Done:
    case State::Failed: break;
  }
  return fail({}, "the handshake is over");
}

Socks5Step Socks5Server::greeting(ByteView unread) {
  if (!unread.empty() && unread.front() != kSocks5Version) {
    return fail({}, fmt::format("version {} of SOCKS, expected 5", octet(unread, 0)));
  }
  if (unread.size() < 2) return {};
  const std::size_t size = 2 + octet(unread, 1);
  if (unread.size() < size) return {};
  const ByteView methods = unread.substr(2, size - 2);
  const auto offers = [methods](unsigned method) {
    return methods.find(static_cast<char>(method)) != ByteView::npos;
  };
  // A client that was told to log in where nobody asks for it may do so.
  if (settings_.credentials.empty() && offers(kNoLogin)) {
    return reply(size, two(kSocks5Version, kNoLogin), State::Request);
  }
  if (offers(kUserAndPassword)) {
    return reply(size, two(kSocks5Version, kUserAndPassword), State::Login);
  }
  return fail({kSocks5Version, kNoMethod},
              "the client offers no way to log in that is known here, "
              "expected user name and password (RFC 1929)");
}

Socks5Step Socks5Server::login(ByteView unread) {
  if (!unread.empty() && octet(unread, 0) != kLoginVersion) {
    return fail(two(kLoginVersion, 1),
                fmt::format("version {} of the login, expected 1", octet(unread, 0)));
  }
  if (unread.size() < 2) return {};
  const std::size_t user_size = octet(unread, 1);
  if (unread.size() < 3 + user_size) return {};
  const std::size_t password_size = octet(unread, 2 + user_size);
  const std::size_t size = 3 + user_size + password_size;
  if (unread.size() < size) return {};
  if (!is_authorized(settings_, unread.substr(2, user_size),
                     unread.substr(3 + user_size, password_size))) {
    return fail(two(kLoginVersion, 1), "wrong user name or password");
  }
  return reply(size, two(kLoginVersion, 0), State::Request);
}

Socks5Step Socks5Server::request(ByteView unread) {
  if (!unread.empty() && unread.front() != kSocks5Version) {
    return fail(socks5_reply(Socks5Code::Failed),
                fmt::format("version {} of the request, expected 5", octet(unread, 0)));
  }
  if (unread.size() < 5) return {};  // the shortest name ends later
  const unsigned kind = octet(unread, 3);
  std::size_t address = 4, address_size = 0;
  switch (kind) {
    case kIpv4: address_size = 4; break;
    case kIpv6: address_size = 16; break;
    case kName:
      address = 5;
      address_size = octet(unread, 4);
      break;
    default:
      return fail(socks5_reply(Socks5Code::NoSuchAddress),
                  fmt::format("address type {}, expected 1, 3 or 4", kind));
  }
  const std::size_t size = address + address_size + 2;
  if (unread.size() < size) return {};
  if (octet(unread, 1) != kConnect) {
    return fail(socks5_reply(Socks5Code::NoSuchCommand),
                fmt::format("command {}, expected 1 (CONNECT)", octet(unread, 1)));
  }
  const ByteView host = unread.substr(address, address_size);
  if (kind == kName && !is_host(host)) {
    return fail(socks5_reply(Socks5Code::Failed), "the name asked for is none");
  }
  Socks5Step step;
  step.kind = Socks5Step::Kind::Request;
  step.size = size;
  step.target.host = kind == kIpv4   ? ipv4_text(host)
                     : kind == kIpv6 ? ipv6_text(host)
                                     : std::string(host);
  step.target.port =
      static_cast<std::uint16_t>(octet(unread, size - 2) << 8 | octet(unread, size - 1));
  state_ = State::Done;
  return step;
}

Socks5Step Socks5Server::reply(std::size_t size, Bytes bytes, State next) {
  state_ = next;
  Socks5Step step;
  step.kind = Socks5Step::Kind::Reply;
  step.size = size;
  step.reply = std::move(bytes);
  return step;
}

Socks5Step Socks5Server::fail(Bytes bytes, std::string why) {
  state_ = State::Failed;
  Socks5Step step;
  step.kind = Socks5Step::Kind::Failed;
  step.reply = std::move(bytes);
  step.why = std::move(why);
  return step;
}

}  // namespace understudy
