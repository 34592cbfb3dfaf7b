#include "protocols/http/http_target.h"

#include "protocols/content/media_type.h"

#include <algorithm>
#include <charconv>

namespace understudy {
namespace {

/// Longest host name of the DNS, and more than any address (RFC 1035 §2.3.4).
constexpr std::size_t kMaxHost = 255;

bool is_host(ByteView text, bool bracketed) {
  if (text.empty() || text.size() > kMaxHost) return false;
  return std::ranges::all_of(text, [&](char c) {
    const bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return name ||
           (bracketed ? c == ':' || c == '.' || c == '%' : c == '.' || c == '-' || c == '_');
  });
}

}  // namespace

std::optional<Endpoint> parse_authority(ByteView text, std::uint16_t fallback_port) {
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == ByteView::npos) return std::nullopt;
  const ByteView host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  ByteView rest = text.substr(bracketed ? end + 1 : end);
  if (!is_host(host, bracketed)) return std::nullopt;
  Endpoint endpoint{std::string(host), fallback_port};
  if (rest.starts_with(':') && rest.size() > 1) {
    rest.remove_prefix(1);
    const auto [stop, problem] =
        std::from_chars(rest.data(), rest.data() + rest.size(), endpoint.port);
    if (problem != std::errc() || stop != rest.data() + rest.size()) return std::nullopt;
  } else if (!rest.empty() && rest != ":") {
    return std::nullopt;
  }
  if (endpoint.port == 0) return std::nullopt;
  return endpoint;
}

Target parse_target(ByteView target) {
  Target parts;
  if (!target.starts_with('/')) {
    if (const std::size_t colon = target.find("://"); colon != ByteView::npos) {
      parts.scheme = target.substr(0, colon);
      target.remove_prefix(colon + 3);
      parts.authority = target.substr(0, target.find_first_of("/?#"));
      target.remove_prefix(parts.authority.size());
    }
  }
  parts.resource = target;
  const ByteView without_fragment = target.substr(0, target.find('#'));
  const std::size_t mark = without_fragment.find('?');
  parts.path = without_fragment.substr(0, mark);
  if (mark != ByteView::npos) parts.query = without_fragment.substr(mark + 1);
  return parts;
}

ByteView resource_of(ByteView written) {
  if (written.starts_with('/')) return written;
  const Target target = parse_target(written);
  if (target.scheme.empty()) return written;
  return target.resource.empty() ? ByteView("/") : target.resource;
}

std::uint16_t default_port(ByteView scheme) {
  if (equal_ignoring_case(scheme, "http")) return 80;
  return equal_ignoring_case(scheme, "https") ? 443 : 0;
}

std::string authority_of(const Endpoint& endpoint, ByteView scheme) {
  std::string text = to_string(endpoint);
  if (endpoint.port == default_port(scheme)) text.resize(text.rfind(':'));
  return text;
}

bool names_endpoint(ByteView authority, const Endpoint& endpoint, ByteView scheme) {
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != ByteView::npos && authority.find(']', colon) == ByteView::npos;
  std::uint16_t port = default_port(scheme);
  if (has_port) {
    const ByteView digits = authority.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    authority = authority.substr(0, colon);
  }
  const std::string whole = to_string(endpoint);
  return port == endpoint.port &&
         equal_ignoring_case(authority, ByteView(whole).substr(0, whole.rfind(':')));
}

}  // namespace understudy
