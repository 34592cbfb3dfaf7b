#include "protocols/core/place.h"

#include <algorithm>

namespace understudy {

std::string place_of(std::string_view scheme, const Endpoint& endpoint) {
  Endpoint plain = endpoint;
  std::ranges::transform(plain.host, plain.host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  if (plain.host.ends_with('.')) plain.host.pop_back();
  std::string text = std::string(scheme) + "://" + to_string(plain);
  const bool own_port =
      (scheme == "http" && plain.port == 80) || (scheme == "https" && plain.port == 443);
  if (own_port) text.resize(text.rfind(':'));
  return text;
}

std::string placed_resource(std::string_view place, std::string_view resource) {
  if (resource == "*" && !place.empty()) return std::string(place);
  const bool below = resource.starts_with('/') || resource.starts_with('?');
  return std::string(below ? place : "") + std::string(resource);
}

}  // namespace understudy
