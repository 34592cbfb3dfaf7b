#include "replayer/repertoire_loader.h"

#include "replayer/exchange_conversation.h"
#include "replayer/repertoire_builders.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

namespace understudy {

namespace {

/// A head in front of the largest body that is matched (contract: head ≤ 64 KiB).
constexpr std::uint64_t kMaxMatchedRequest = kMaxMatchedBody + std::uint64_t{64} * 1024;

class Loader {
 public:
  Loader(RecordingSource& source, const Recording& recording)
      : source_(source), recording_(recording) {}

  Result<void> prepare(const std::vector<RulePair>& pairs, const ReplayOptions& options) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      auto builder = make_builder(pairs[i], i, options);
      if (!builder) return std::unexpected(builder.error());
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
    if (exchange.origin == Origin::Understudy) {
      // Not an error: a tunnel that was granted, or our certificate. Asked again, we say it again.
      const bool granted = exchange.status / 100 == 2;
      if (granted) builder->second->tunnel_granted(exchange);
      return granted ? "" : "the reply was our own error";
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
  std::unordered_map<std::int64_t, RecordedSession> sessions_;    ///< by row id
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
