#include "replayer/repertoire_loader.h"

#include "protocols/registry.h"
#include "replayer/exchange_conversation.h"
#include "replayer/exchange_repertoire.h"
#include "replayer/stream_repertoire.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace understudy {

namespace {

/// A head in front of the largest body that is matched (contract: head ≤ 64 KiB).
constexpr std::uint64_t kMaxMatchedRequest = kMaxMatchedBody + std::uint64_t{64} * 1024;

/// Collects what belongs to one served rule.
class RepertoireBuilder {
 public:
  RepertoireBuilder() = default;
  RepertoireBuilder(const RepertoireBuilder&) = delete;
  RepertoireBuilder& operator=(const RepertoireBuilder&) = delete;
  virtual ~RepertoireBuilder() = default;
  /// `exchange` with all of its request. Returns why it cannot be served, empty = it can.
  virtual std::string add(const RecordedSession& session, RecordedExchange exchange) = 0;
  virtual std::unique_ptr<Repertoire> finish() = 0;
};

class ExchangeBuilder final : public RepertoireBuilder {
 public:
  ExchangeBuilder(ExchangeRepertoire::Service service, const ForwardRule& rule)
      : service_(std::move(service)), rule_(rule) {}

  std::string add(const RecordedSession&, RecordedExchange exchange) override {
    const ExchangeReplay& replay = *service_.protocol->exchange_replay();
    if (service_.place_scheme.empty()) exchange.place.clear();  // its rule says where it leads
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

  std::unique_ptr<Repertoire> finish() override {
    index_.seal();
    return std::make_unique<ExchangeRepertoire>(std::move(service_), std::move(index_));
  }

 private:
  ExchangeRepertoire::Service service_;
  const ForwardRule& rule_;
  ExchangeIndex index_;
  MatchKey key_;
};

class StreamBuilder final : public RepertoireBuilder {
 public:
  explicit StreamBuilder(StreamRepertoire::Service service) : service_(std::move(service)) {}

  std::string add(const RecordedSession& session, RecordedExchange exchange) override {
    const auto [at, is_new] = positions_.try_emplace(session.id, sessions_.size());
    if (is_new) sessions_.push_back({session, {}});
    sessions_[at->second].second.push_back(std::move(exchange));
    return {};
  }

  std::unique_ptr<Repertoire> finish() override {
    // Exchanges came in order of beginning: so do sessions, those that were read late excepted.
    std::ranges::sort(sessions_, {}, [](const auto& entry) { return entry.first.number; });
    std::vector<StreamScript> scripts;
    for (auto& [session, exchanges] : sessions_) {
      std::ranges::sort(exchanges, {}, &RecordedExchange::exchange_no);
      scripts.push_back(make_script(session, std::move(exchanges)));
    }
    return std::make_unique<StreamRepertoire>(std::move(service_), std::move(scripts));
  }

 private:
  StreamRepertoire::Service service_;
  std::unordered_map<std::int64_t, std::size_t> positions_;  ///< by row id
  std::vector<std::pair<RecordedSession, std::vector<RecordedExchange>>> sessions_;
};

/// The protocol's own scheme with or without TLS; `otherwise` where it has none such.
std::string scheme_of(const Protocol& protocol, bool tls, const std::string& otherwise) {
  const auto schemes = protocol.schemes();
  const auto found = std::ranges::find(schemes, tls, &Scheme::tls);
  return found == schemes.end() ? otherwise : std::string(found->name);
}

Result<std::unique_ptr<RepertoireBuilder>> make_builder(const RulePair& pair, std::size_t position,
                                                        const ReplayOptions& options) {
  const ForwardRule& recorded = pair.recorded->rule;
  const Protocol* protocol = find_protocol(recorded.protocol);
  if (protocol == nullptr) {
    return std::unexpected(Error(ErrorSource::Config, recorded.name,
                                 "this version cannot replay " + recorded.protocol));
  }
  // What was recorded was redacted by the recorded rule; what is asked must be, in the same way.
  const ForwardRule& redacting = recorded.redact.empty() ? pair.served : recorded;
  auto redaction = RequestRedaction::make(*protocol, redacting, options.redaction_key);
  if (!redaction) return std::unexpected(redaction.error());
  ServiceIdentity identity{position, pair.served.name, std::string(protocol->name())};
  if (protocol->exchange_replay() == nullptr) {
    return std::make_unique<StreamBuilder>(StreamRepertoire::Service{
        std::move(identity), std::move(*redaction), options.timing_factor, options.after_last});
  }
  ExchangeRepertoire::Service service;
  service.protocol = protocol;
  service.identity = std::move(identity);
  service.plain_scheme = scheme_of(*protocol, false, pair.served.client_scheme);
  service.secure_scheme = scheme_of(*protocol, true, pair.served.client_scheme);
  if (recorded.transparent) {
    service.place_scheme = scheme_of(*protocol, recorded.upstream_tls, recorded.upstream_scheme);
  }
  service.redaction = std::move(*redaction);
  service.timing_factor = options.timing_factor;
  service.after_last = options.after_last;
  return std::make_unique<ExchangeBuilder>(std::move(service), recorded);
}

class Loader {
 public:
  Loader(RecordingSource& source, const Recording& recording)
      : source_(source), recording_(recording) {}

  Result<void> prepare(const std::vector<RulePair>& pairs, const ReplayOptions& options) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      auto builder = make_builder(pairs[i], i, options);
      if (!builder) return std::unexpected(builder.error());
      protocols_[pairs[i].recorded->id] = pairs[i].recorded->rule.protocol;
      by_rule_[pairs[i].recorded->id] = builder->get();
      builders_.push_back(std::move(*builder));
    }
    Result<std::vector<RecordedSession>> sessions = source_.sessions(recording_.id);
    if (!sessions) return std::unexpected(sessions.error());
    for (RecordedSession& session : *sessions) {
      const std::int64_t id = session.id;
      sessions_.emplace(id, std::move(session));
    }
    return {};
  }

  Result<void> read() {
    const auto visit = [this](RecordedExchange&& exchange) {
      // One statement of the source is running: what needs another one waits.
      const bool whole = exchange.request.size() == exchange.request_size;
      if (whole) {
        add(std::move(exchange));
      } else {
        large_.push_back(std::move(exchange));
      }
      return true;
    };
    const Result<void> all = source_.each_exchange(recording_.id, kMaxBodyInMemory, visit);
    if (!all) return all;
    for (RecordedExchange& exchange : large_) {
      const Result<void> added = add_large(std::move(exchange));
      if (!added) return added;
    }
    return {};
  }

  LoadedRepertoires finish() {
    LoadedRepertoires loaded;
    for (const auto& builder : builders_)
      loaded.by_pair.push_back(builder->finish());
    loaded.not_served = std::move(not_served_);
    return loaded;
  }

 private:
  void add(RecordedExchange exchange) {
    const std::int64_t number = exchange.number;
    std::string why = add_to_rule(std::move(exchange));
    if (!why.empty()) not_served_.push_back(fmt::format("{}: {}", number, why));
  }

  std::string add_to_rule(RecordedExchange exchange) {
    const auto session = sessions_.find(exchange.session);
    if (session == sessions_.end()) return "its session is not in the store";
    const auto builder = by_rule_.find(session->second.rule);
    if (builder == by_rule_.end()) return "its rule is not served";
    if (exchange.origin == Origin::Understudy) return "the reply was our own error";
    if (exchange.protocol != protocols_[session->second.rule]) {
      return fmt::format("the connection had changed to {}", exchange.protocol);
    }
    return builder->second->add(session->second, std::move(exchange));
  }

  Result<void> add_large(RecordedExchange exchange) {
    if (exchange.request_size > kMaxMatchedRequest) {
      not_served_.push_back(fmt::format(
          "{}: its request is larger than the 64 MiB that are matched", exchange.number));
      return {};
    }
    const std::uint64_t loaded = exchange.request.size();
    const auto rest_size = static_cast<std::size_t>(exchange.request_size - loaded);
    const Result<Bytes> rest = source_.read(exchange.id, Side::Client, loaded, rest_size);
    if (!rest) return std::unexpected(rest.error());
    exchange.request += *rest;
    add(std::move(exchange));
    return {};
  }

  RecordingSource& source_;
  const Recording& recording_;
  std::vector<std::unique_ptr<RepertoireBuilder>> builders_;
  std::unordered_map<std::int64_t, RepertoireBuilder*> by_rule_;  ///< by row id of the rule
  std::unordered_map<std::int64_t, std::string> protocols_;
  std::unordered_map<std::int64_t, RecordedSession> sessions_;  ///< by row id
  std::vector<RecordedExchange> large_;
  std::vector<std::string> not_served_;
};

}  // namespace

Result<LoadedRepertoires> load_repertoires(RecordingSource& source, const Recording& recording,
                                           const std::vector<RulePair>& pairs,
                                           const ReplayOptions& options) {
  Loader loader(source, recording);
  Result<void> done = loader.prepare(pairs, options);
  if (done) done = loader.read();
  if (!done) return std::unexpected(done.error());
  return loader.finish();
}

}  // namespace understudy
