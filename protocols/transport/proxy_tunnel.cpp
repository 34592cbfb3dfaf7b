#include "protocols/transport/proxy_tunnel.h"

#include "protocols/transport/deadline.h"
#include "protocols/transport/proxy_talk.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace understudy {

namespace {

constexpr std::size_t kShown = 80;  // characters of an answer that a message repeats

std::string base64(const std::string& text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock() adds a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// Fit for one line of a log.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShown));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '.');
  return out;
}

/// "403 Forbidden" of "HTTP/1.1 403 Forbidden"; empty = that is no status line (RFC 9112 §4).
std::string_view status_in(std::string_view head) {
  constexpr std::size_t kVersion = std::string_view("HTTP/1.1 ").size();
  const std::string_view line = head.substr(0, head.find('\r'));
  const bool fine =
      line.starts_with("HTTP/1.") && line.size() >= kVersion + 3 && line[kVersion - 1] == ' ' &&
      std::ranges::all_of(line.substr(kVersion, 3), [](char c) { return c >= '0' && c <= '9'; });
  return fine ? line.substr(kVersion) : std::string_view();
}

Task<void> ask_by_connect(ProxyTalk& talk, const UpstreamProxy& proxy, std::string to) {
  Bytes request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", to);
  if (!proxy.user.empty() || !proxy.password.empty()) {
    request +=
        fmt::format("Proxy-Authorization: Basic {}\r\n", base64(proxy.user + ":" + proxy.password));
  }
  request += "\r\n";
  co_await talk.send(std::move(request));
  std::string status;
  do {  // RFC 9110 §15.2: any number of interim answers may come first
    const Bytes head = co_await talk.read_head();
    if (!talk.failure().empty()) co_return;
    status = status_in(head);
    if (status.empty()) talk.fail(fmt::format("answered with no HTTP: \"{}\"", shown(head)));
  } while (status.starts_with('1'));
  if (!status.starts_with('2')) {
    talk.fail(fmt::format("refused CONNECT to {}: {}", to, shown(status)));
  }
}

// SOCKS 5, in the words of RFC 1928 and RFC 1929.
constexpr char kVersion = 5, kLoginVersion = 1, kConnect = 1;
constexpr char kNoLogin = 0, kUserPassword = 2, kNoneAcceptable = '\xff';
constexpr char kIpv4 = 1, kName = 3, kIpv6 = 4;

Bytes sized(const std::string& text) {
  return static_cast<char>(text.size()) + text;
}

/// The address of a request: octets, or a name that the proxy resolves.
Bytes socks_address(const Endpoint& to) {
  std::array<char, 16> octets{};
  Bytes address;
  if (inet_pton(AF_INET, to.host.c_str(), octets.data()) == 1) {
    address = kIpv4 + Bytes(octets.data(), 4);
  } else if (inet_pton(AF_INET6, to.host.c_str(), octets.data()) == 1) {
    address = kIpv6 + Bytes(octets.data(), 16);
  } else {
    address = kName + sized(to.host);
  }
  return address + static_cast<char>(to.port >> 8) + static_cast<char>(to.port & 0xff);
}

std::string socks_refusal(unsigned char code) {
  constexpr std::array<std::string_view, 9> kReasons{"",
                                                     "general failure",
                                                     "not allowed by its rules",
                                                     "network unreachable",
                                                     "host unreachable",
                                                     "connection refused",
                                                     "time to live expired",
                                                     "command not supported",
                                                     "address type not supported"};
  return code < kReasons.size() ? std::string(kReasons[code]) : fmt::format("code {}", code);
}

std::string not_socks(ByteView answer) {
  return fmt::format("does not speak SOCKS 5: it answered with {:02x}", answer.front() & 0xff);
}

Task<void> log_in(ProxyTalk& talk, const UpstreamProxy& proxy) {
  const bool login = !proxy.user.empty() || !proxy.password.empty();
  Bytes greeting{kVersion, 1, kNoLogin};
  if (login) greeting = {kVersion, 2, kNoLogin, kUserPassword};
  co_await talk.send(std::move(greeting));
  const Bytes method = co_await talk.read(2);
  if (!talk.failure().empty()) co_return;
  if (method[0] != kVersion) {
    talk.fail(not_socks(method));
  } else if (method[1] == kNoneAcceptable) {
    talk.fail(login ? "takes neither user and password nor none" : "wants a user and a password");
  } else if (method[1] == kUserPassword && login) {
    Bytes words = kLoginVersion + sized(proxy.user) + sized(proxy.password);
    co_await talk.send(std::move(words));
    const Bytes verdict = co_await talk.read(2);
    if (talk.failure().empty() && verdict[1] != 0) talk.fail("refused the user and password");
  } else if (method[1] != kNoLogin) {
    talk.fail(fmt::format("wants method {:02x}, which was not offered", method[1] & 0xff));
  }
}

Task<void> ask_by_socks(ProxyTalk& talk, const UpstreamProxy& proxy, Endpoint to) {
  co_await log_in(talk, proxy);
  Bytes request = Bytes{kVersion, kConnect, 0} + socks_address(to);
  co_await talk.send(std::move(request));
  const Bytes answer = co_await talk.read(4);
  if (!talk.failure().empty()) co_return;
  if (answer[0] != kVersion) {
    talk.fail(not_socks(answer));
  } else if (answer[1] != 0) {
    talk.fail(fmt::format("refused to connect to {}: {}", to_string(to),
                          socks_refusal(static_cast<unsigned char>(answer[1]))));
  }
  // The address that it connected from tells nothing, but stands before the upstream's bytes.
  std::size_t left = 2;
  if (answer[3] == kIpv4) left += 4;
  if (answer[3] == kIpv6) left += 16;
  if (answer[3] == kName) {
    const Bytes size = co_await talk.read(1);
    if (size.empty()) co_return;
    left += static_cast<unsigned char>(size[0]);
  }
  const Bytes address = co_await talk.read(left);
  static_cast<void>(address);
}

/// What would be another request, or cannot be said at all.
bool can_be_asked_for(const std::string& host) {
  return !host.empty() && host.size() <= 255 &&
         std::ranges::all_of(host, [](char c) { return c > ' ' && c != '\x7f'; });
}

}  // namespace

Task<TunnelOutcome> open_tunnel(Stream& stream, const UpstreamProxy& proxy, Endpoint destination,
                                std::chrono::steady_clock::time_point deadline,
                                ConnectCancel& cancel) {
  TunnelOutcome outcome;
  if (!can_be_asked_for(destination.host)) {
    outcome.why = "cannot be asked for a host of that name";
    co_return outcome;
  }
  ProxyTalk talk(stream);
  const Deadline limit(stream.executor(), deadline, [&stream] { stream.close(); });
  cancel.set_abort([&stream] { stream.close(); });
  if (proxy.kind == UpstreamProxy::Kind::Http) {
    std::string to = to_string(destination);
    co_await ask_by_connect(talk, proxy, std::move(to));
  } else {
    co_await ask_by_socks(talk, proxy, std::move(destination));
  }
  cancel.set_abort({});
  outcome.timed_out = limit.expired();
  outcome.why = talk.failure();
  co_return outcome;
}

}  // namespace understudy
