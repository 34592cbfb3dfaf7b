#include "replayer/proxy_repertoire.h"

#include "protocols/core/place.h"
#include "replayer/proxy_conversation.h"

#include <iterator>

namespace understudy {

TunnelKey tunnel_key(bool secured, const Endpoint& destination) {
  const std::string place = place_of("", destination);
  return {secured, place.substr(ByteView("://").size())};
}

std::unique_ptr<Conversation> ProxyRepertoire::converse(const ConversationPlace& place) {
  return std::make_unique<ProxyConversation>(*this, place);
}

std::size_t ProxyRepertoire::stub_count() const {
  std::size_t count = parts_.exchanges->stub_count();
  for (const auto& [key, streams] : parts_.streams)
    count += streams->stub_count();
  return count;
}

std::vector<UnusedExchange> ProxyRepertoire::unused() const {
  std::vector<UnusedExchange> list = parts_.exchanges->unused();
  for (const auto& [key, streams] : parts_.streams)
    std::ranges::move(streams->unused(), std::back_inserter(list));
  return list;
}

std::unique_ptr<ProxyFront> ProxyRepertoire::front(bool is_public) const {
  return parts_.exchanges->replay().proxy_front(parts_.rule, {is_public, parts_.authority_pem});
}

std::string ProxyRepertoire::place_of_requests(bool secured, const Endpoint& destination) const {
  const ExchangeRepertoire::Service& service = parts_.exchanges->service();
  return place_of(secured ? service.secure_scheme : service.plain_scheme, destination);
}

std::string ProxyRepertoire::place_of_bytes(bool secured, const Endpoint& destination) const {
  return place_of(secured ? parts_.secure_bytes_scheme : parts_.plain_bytes_scheme, destination);
}

StreamRepertoire* ProxyRepertoire::streams(const TunnelKey& key) const {
  const auto found = parts_.streams.find(key);
  return found == parts_.streams.end() ? nullptr : found->second.get();
}

}  // namespace understudy
