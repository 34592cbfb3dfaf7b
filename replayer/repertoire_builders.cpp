#include "replayer/repertoire_builders.h"

#include "protocols/registry.h"
#include "protocols/transport/cert_authority.h"
#include "replayer/proxy_repertoire.h"
#include "replayer/service_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace understudy {

namespace {

std::string changed_to(const RecordedExchange& exchange) {
  return fmt::format("the connection had changed to {}", exchange.protocol);
}

class ExchangeBuilder final : public RepertoireBuilder {
 public:
  /// `rule`, as recorded, outlives it. `has_places`: exchanges are found by their place too.
  ExchangeBuilder(ExchangeRepertoire::Service service, const ForwardRule& rule, bool has_places)
      : service_(std::move(service)), rule_(rule), has_places_(has_places) {}

  std::string add(const RecordedSession&, RecordedExchange exchange) override {
    if (exchange.protocol != service_.identity.protocol) return changed_to(exchange);
    const ExchangeReplay& replay = *service_.protocol->exchange_replay();
    if (!has_places_) exchange.place.clear();  // its rule says where it leads
    key_.clear();
    if (!replay.key(exchange.request, exchange.place, key_)) return "its request cannot be matched";
    std::string why;
    Stub stub;
    stub.reply = replay.prepare(exchange, rule_, why);
    if (!stub.reply) return why;
    stub.id = exchange.id;
    stub.number = exchange.number;
    stub.label = request_label(*service_.protocol, exchange.request, exchange.place);
    if (!exchange.place.empty()) stub.place = index_.keep_place(exchange.place);
    stub.condition = key_.condition;
    stub.loaded_reply_bytes = exchange.reply.size();
    if (service_.timing_factor > 0) stub.pace = reply_pace(exchange);
    stub.request = std::move(exchange.request);
    index_.add(key_.key, std::move(stub));
    return {};
  }

  std::unique_ptr<Repertoire> finish() override { return finish_exchanges(); }
  std::unique_ptr<ExchangeRepertoire> finish_exchanges() {
    index_.seal();
    return std::make_unique<ExchangeRepertoire>(std::move(service_), std::move(index_));
  }

 private:
  ExchangeRepertoire::Service service_;
  const ForwardRule& rule_;
  const bool has_places_;
  ExchangeIndex index_;
  MatchKey key_;
};

class StreamBuilder final : public RepertoireBuilder {
 public:
  /// `place`: what labels begin with, empty = where the rule says.
  explicit StreamBuilder(StreamRepertoire::Service service, std::string place = {})
      : service_(std::move(service)), place_(std::move(place)) {}

  std::string add(const RecordedSession& session, RecordedExchange exchange) override {
    if (exchange.protocol != service_.identity.protocol) return changed_to(exchange);
    const auto [at, is_new] = positions_.try_emplace(session.id, sessions_.size());
    if (is_new) sessions_.push_back({session, {}});
    sessions_[at->second].second.push_back(std::move(exchange));
    return {};
  }

  std::unique_ptr<Repertoire> finish() override { return finish_streams(); }
  std::unique_ptr<StreamRepertoire> finish_streams() {
    // Exchanges came in order of beginning: so do sessions, those that were read late excepted.
    std::ranges::sort(sessions_, {}, [](const auto& entry) { return entry.first.number; });
    std::vector<StreamScript> scripts;
    for (auto& [session, exchanges] : sessions_) {
      std::ranges::sort(exchanges, {}, &RecordedExchange::exchange_no);
      scripts.push_back(make_script(session, std::move(exchanges)));
      if (!place_.empty()) add_place(scripts.back(), place_);
    }
    return std::make_unique<StreamRepertoire>(std::move(service_), std::move(scripts));
  }

 private:
  StreamRepertoire::Service service_;
  const std::string place_;
  std::unordered_map<std::int64_t, std::size_t> positions_;  ///< by row id
  std::vector<std::pair<RecordedSession, std::vector<RecordedExchange>>> sessions_;
};

/// Requests of the proxy's protocol by their place, bytes of tunnels by where those led.
class ProxyBuilder final : public RepertoireBuilder {
 public:
  /// `parts` but for what is recorded; `requests` for what is asked in the proxy's protocol.
  /// `recorded`, the rule, outlives it.
  ProxyBuilder(const ServiceMaker& maker, ProxyRepertoire::Parts parts,
               ExchangeRepertoire::Service requests, const ForwardRule& recorded)
      : maker_(maker),
        parts_(std::move(parts)),
        protocol_(*requests.protocol),
        requests_(std::move(requests), recorded, true) {}

  std::string add(const RecordedSession& session, RecordedExchange exchange) override {
    if (exchange.protocol == protocol_.name()) return requests_.add(session, std::move(exchange));
    const Protocol* protocol = find_protocol(exchange.protocol);
    if (protocol == nullptr) {
      return exchange.note.empty() ? fmt::format("{} cannot be replayed", exchange.protocol)
                                   : exchange.note;
    }
    const std::optional<TunnelKey> key = key_of(exchange.place, *protocol);
    if (!key) return changed_to(exchange);
    auto builder = streams_.find(*key);
    if (builder == streams_.end()) {
      Result<StreamRepertoire::Service> service = maker_.streams(*protocol);
      if (!service) return describe(service.error());
      auto fresh = std::make_unique<StreamBuilder>(std::move(*service), exchange.place);
      builder = streams_.emplace(*key, std::move(fresh)).first;
    }
    RecordedSession tunnel = session;  // whose time counts from when it was granted
    const auto granted = granted_.find(session.id);
    tunnel.opened_at = granted == granted_.end() ? exchange.started_at : granted->second;
    return builder->second->add(tunnel, std::move(exchange));
  }

  void tunnel_granted(const RecordedExchange& exchange) override {
    granted_[exchange.session] = exchange.started_at + exchange.duration;
  }

  std::unique_ptr<Repertoire> finish() override {
    parts_.exchanges = requests_.finish_exchanges();
    for (auto& [key, builder] : streams_)
      parts_.streams[key] = builder->finish_streams();
    return std::make_unique<ProxyRepertoire>(std::move(parts_));
  }

 private:
  /// Nothing: the bytes came on a connection of another protocol, which had led there.
  static std::optional<TunnelKey> key_of(std::string_view place, const Protocol& protocol) {
    const std::size_t end = place.find("://");
    if (end == std::string_view::npos || protocol.exchange_replay() != nullptr) return std::nullopt;
    const auto schemes = protocol.schemes();
    const auto scheme = std::ranges::find(schemes, place.substr(0, end), &Scheme::name);
    if (scheme == schemes.end()) return std::nullopt;
    return TunnelKey(scheme->tls, place.substr(end + 3));
  }

  const ServiceMaker maker_;
  ProxyRepertoire::Parts parts_;
  const Protocol& protocol_;
  ExchangeBuilder requests_;
  std::map<TunnelKey, std::unique_ptr<StreamBuilder>> streams_;
  std::unordered_map<std::int64_t, Timestamp> granted_;  ///< by row id of the session
};

Result<std::unique_ptr<RepertoireBuilder>> make_proxy_builder(const RulePair& pair,
                                                              const ServiceMaker& maker,
                                                              ExchangeRepertoire::Service requests,
                                                              const ReplayOptions& options) {
  if (requests.protocol->exchange_replay()->proxy_front(pair.served, {}) == nullptr) {
    return std::unexpected(Error(ErrorSource::Config, pair.served.written_at,
                                 fmt::format("rule {}: {} has no forward proxies", pair.served.name,
                                             requests.protocol->name())));
  }
  const Protocol& any = *protocols().back();  // takes bytes of any sort
  Result<StreamRepertoire::Service> strangers = maker.streams(any);
  if (!strangers) return std::unexpected(strangers.error());
  ProxyRepertoire::Parts parts;
  parts.rule = pair.served;
  if (options.authority) parts.authority_pem = options.authority->root_pem();
  parts.strangers =
      std::make_unique<StreamRepertoire>(std::move(*strangers), std::vector<StreamScript>());
  parts.plain_bytes_scheme = scheme_of(any, false);
  parts.secure_bytes_scheme = scheme_of(any, true);
  return std::make_unique<ProxyBuilder>(maker, std::move(parts), std::move(requests),
                                        pair.recorded->rule);
}

}  // namespace

Result<std::unique_ptr<RepertoireBuilder>> make_builder(const RulePair& pair, std::size_t position,
                                                        const ReplayOptions& options) {
  const ForwardRule& recorded = pair.recorded->rule;
  const Protocol* protocol = find_protocol(recorded.protocol);
  if (protocol == nullptr) {
    return std::unexpected(Error(ErrorSource::Config, recorded.name,
                                 "this version cannot replay " + recorded.protocol));
  }
  const ServiceMaker maker(pair, position, options);
  if (protocol->exchange_replay() == nullptr) {
    Result<StreamRepertoire::Service> service = maker.streams(*protocol);
    if (!service) return std::unexpected(service.error());
    return std::make_unique<StreamBuilder>(std::move(*service));
  }
  Result<ExchangeRepertoire::Service> service = maker.exchanges(*protocol);
  if (!service) return std::unexpected(service.error());
  if (pair.served.proxy) return make_proxy_builder(pair, maker, std::move(*service), options);
  const bool has_places = !service->place_scheme.empty();
  return std::make_unique<ExchangeBuilder>(std::move(*service), recorded, has_places);
}

}  // namespace understudy
