#include "protocols/transport/server_name.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace understudy {

namespace {

constexpr std::size_t kMaxName = 253;  // 255 on the wire, RFC 1035 §3.1
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kShown = 80;  // characters of a bad name that a message repeats

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

/// A name that reached us from a peer, fit for a log line.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kShown)) {
    out += c > ' ' && c < '\x7f' ? std::string(1, c) : fmt::format("\\x{:02x}", c & 0xff);
  }
  if (text.size() > kShown) out += "...";
  return out;
}

/// The octets of an address, and its text in one spelling; empty when it is none.
std::pair<std::string, std::string> read_address(const std::string& text) {
  const bool six = text.find(':') != std::string::npos;
  const int family = six ? AF_INET6 : AF_INET;
  std::string octets(six ? 16 : 4, '\0');
  std::array<char, INET6_ADDRSTRLEN> spelled{};
  if (inet_pton(family, text.c_str(), octets.data()) != 1) return {};
  inet_ntop(family, octets.data(), spelled.data(), spelled.size());
  return {octets, spelled.data()};
}

std::string_view last_label(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

/// What is wrong with a name, or nothing.
std::string fault(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kMaxName) {
    return fmt::format("it has {} characters, a DNS name at most {}", name.size(), kMaxName);
  }
  if (std::ranges::any_of(name, [](char c) { return (c & 0x80) != 0; })) {
    return "write a name of another script in its ASCII form, with xn-- labels";
  }
  std::string_view rest = name.starts_with("*.") ? name.substr(2) : name;
  if (rest.find('*') != std::string_view::npos) {
    return "a wildcard is a whole first label, as in *.example.com";
  }
  for (bool last = false; !last;) {
    const std::size_t dot = rest.find('.');
    last = dot == std::string_view::npos;
    const std::string_view label = rest.substr(0, dot);
    if (label.empty()) return "it has an empty label";
    if (label.size() > kMaxLabel) {
      return fmt::format("a label has {} characters, at most {} are allowed", label.size(),
                         kMaxLabel);
    }
    if (!std::ranges::all_of(label, is_label_character)) {
      return "only letters, digits, '-', '_' and dots are allowed";
    }
    if (!last) rest.remove_prefix(dot + 1);
  }
  // No top-level domain is a number (RFC 3696 §2): this was meant to be an address.
  if (std::ranges::all_of(last_label(name), is_digit)) return "it is no IPv4 address";
  return "";
}

std::string_view without_brackets(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  return bracketed ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

ServerName::ServerName(std::string text, std::string octets)
    : text_(std::move(text)), octets_(std::move(octets)) {}

Result<ServerName> ServerName::parse(std::string_view text, ErrorSource blame) {
  const auto refuse = [&](const std::string& why) {
    return std::unexpected(
        Error(blame, "", fmt::format("'{}' cannot be a certificate's host: {}", shown(text), why)));
  };
  // Nothing longer is a name, in whichever spelling: no work for it.
  if (text.size() > kMaxName + 2) return refuse(fault(text));
  std::string name(without_brackets(text));
  if (name.find(':') != std::string::npos) name.resize(std::min(name.find('%'), name.size()));
  // A zero octet would end the text early for inet_pton().
  if (name.find('\0') == std::string::npos) {
    if (auto [octets, spelled] = read_address(name); !octets.empty()) {
      return ServerName(std::move(spelled), std::move(octets));
    }
  }
  if (name.find(':') != std::string::npos) return refuse("it is no IPv6 address");
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  if (std::string why = fault(name); !why.empty()) return refuse(why);
  return ServerName(std::move(name), "");
}

}  // namespace understudy
