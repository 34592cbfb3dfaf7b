#include "protocols/http/proxy_policy.h"

#include "protocols/content/base64.h"
#include "protocols/content/media_type.h"

#include <algorithm>
#include <array>
#include <string>

namespace understudy {
namespace {

/// Where HTTPS lives: enough for browsing, and no way to a mail server.
constexpr std::array<std::uint16_t, 2> kPublicPorts{443, 8443};

/// Compares all of both, so that the time tells nothing but their sizes.
bool equal_in_constant_time(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differs = static_cast<unsigned char>(differs | static_cast<unsigned char>(a[i] ^ b[i]));
  }
  return differs == 0;
}

bool is_covered(ByteView pattern, ByteView host) {
  if (pattern == "*") return true;
  if (!pattern.starts_with("*.")) return equal_ignoring_case(pattern, host);
  const ByteView domain = pattern.substr(2);
  if (host.size() < domain.size()) return false;
  const ByteView end = host.substr(host.size() - domain.size());
  const bool whole_labels = end.size() == host.size() || host[host.size() - end.size() - 1] == '.';
  return whole_labels && equal_ignoring_case(domain, end);
}

}  // namespace

bool may_connect(const ProxySettings& settings, bool is_public, std::uint16_t port) {
  if (port == 0) return false;
  if (!settings.connect_ports.empty())
    return std::ranges::find(settings.connect_ports, port) != settings.connect_ports.end();
  return !is_public || std::ranges::find(kPublicPorts, port) != kPublicPorts.end();
}

bool is_authorized(const ProxySettings& settings, ByteView value) {
  if (settings.credentials.empty()) return true;
  const std::size_t blank = value.find(' ');
  if (blank == ByteView::npos || !equal_ignoring_case(value.substr(0, blank), "Basic")) {
    return false;
  }
  return equal_in_constant_time(trim(value.substr(blank)), base64_text(settings.credentials));
}

bool is_authorized(const ProxySettings& settings, ByteView user, ByteView password) {
  if (settings.credentials.empty()) return true;
  std::string given(user);
  given += ':';
  given += password;
  return equal_in_constant_time(given, settings.credentials);
}

bool is_passthrough(const ProxySettings& settings, ByteView host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::ranges::any_of(settings.passthrough, [host](const std::string& pattern) {
    return is_covered(pattern, host);
  });
}

}  // namespace understudy
