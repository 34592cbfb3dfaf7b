#include "recorder/recorder.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <optional>
#include <utility>

#include "protocols/registry.h"
#include "protocols/transport/cert_authority.h"
#include "protocols/transport/descriptor_limit.h"
#include "protocols/transport/listener.h"
#include "protocols/transport/rule_tls.h"
#include "protocols/transport/task_group.h"
#include "protocols/transport/worker_pool.h"
#include "recorder/own_connections.h"
#include "recorder/rejected_hosts.h"
#include "recorder/relay.h"
#include "recorder/relay_worker.h"

namespace understudy {

namespace {

using std::chrono::milliseconds;

/// Sessions are ended by then; what is left is a connect or a flush that its own deadline ends.
constexpr milliseconds kEndPatience{15'000};

}  // namespace

class Recorder::State {
 public:
  State(std::vector<ForwardRule> forward_rules, WorkerPool& workers, RecorderOptions chosen)
      : rules(std::move(forward_rules)), options(std::move(chosen)), pool_(workers) {}
  ~State() { stop(milliseconds{0}); }

  Result<void> bind();
  Result<void> prepare_tls();
  Result<void> prepare();
  void start(RecordingSink& sink);
  void stop(milliseconds grace);
  void on_room();
  [[nodiscard]] std::vector<ListeningRule> listening() const;
  [[nodiscard]] RecorderCounters counters() const;

  std::vector<ForwardRule> rules;
  RecorderOptions options;

 private:
  void take(const RelayRule& rule, Worker& worker, Stream stream);

  WorkerPool& pool_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::optional<RuleRedaction>> redactions_;
  std::vector<RuleTls> tls_;  ///< by rule
  std::vector<std::unique_ptr<RejectedHosts>> rejected_;
  OwnConnections own_connections_;
  std::vector<RelayRule> relay_rules_;
  TaskGroup tasks_{[](const std::string& what) {
    spdlog::error("recorder a session ended by a mistake of ours: {}", what);
  }};
  std::vector<std::unique_ptr<RelayWorker>> workers_;  ///< one per pool worker, by index
  std::atomic<std::uint64_t> sessions_{0}, refused_{0};
  std::atomic<std::int64_t> open_{0};
  bool started_ = false, stopped_ = false;
};

Result<void> Recorder::State::bind() {
  for (const ForwardRule& rule : rules) {
    Result<std::unique_ptr<Listener>> listener = Listener::open(pool_, rule.listen);
    if (!listener) {
      Error error = listener.error();
      error.where = "rule " + rule.name + " (" + rule.written_at + ") at " + error.where;
      return std::unexpected(std::move(error));
    }
    // The rule keeps a port 0: replay, too, takes any free one then.
    options.own_ports.push_back((*listener)->port());
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

/// Reads every certificate and key that a rule names.
Result<void> Recorder::State::prepare_tls() {
  if (options.authority) options.authority_pem = options.authority->root_pem();
  for (const ForwardRule& rule : rules) {
    const Protocol* protocol = find_protocol(rule.protocol);
    RuleTls tls;
    if (rule.client_tls || rule.proxy) {
      auto server = server_context_of(rule, protocol->alpn(), options.authority);
      if (!server) return std::unexpected(server.error());
      tls.server = std::move(*server);
    }
    if (rule.upstream_tls || rule.proxy) {
      auto client = client_context_of(rule);
      if (!client) return std::unexpected(client.error());
      tls.client = std::move(*client);
    }
    tls_.push_back(std::move(tls));
    rejected_.push_back(std::make_unique<RejectedHosts>());
  }
  return {};
}

/// Everything that hangs on the rules alone; again once the redaction key is known.
Result<void> Recorder::State::prepare() {
  redactions_.clear();
  relay_rules_.clear();
  for (const ForwardRule& rule : rules) {
    const Protocol* protocol = find_protocol(rule.protocol);
    if (protocol == nullptr) {
      return std::unexpected(
          Error(ErrorSource::Config, rule.written_at, "no codec for " + rule.protocol));
    }
    ForwardRule secretive = rule;
    // A password for us, which no upstream sees and no store needs.
    if (rule.proxy) secretive.redact.headers.emplace_back("Proxy-Authorization");
    auto redaction = RuleRedaction::make(secretive, *protocol, options.redaction_key);
    if (!redaction) return std::unexpected(redaction.error());
    redactions_.push_back(std::move(*redaction));
    RelayRule relayed;
    relayed.rule = &rule;
    relayed.position = static_cast<std::uint32_t>(relay_rules_.size());
    relayed.protocol = protocol;
    relay_rules_.push_back(std::move(relayed));
  }
  for (std::size_t i = 0; i < relay_rules_.size(); ++i) {
    if (redactions_[i]) relay_rules_[i].redaction = &*redactions_[i];
  }
  return {};
}

void Recorder::State::start(RecordingSink& sink) {
  if (options.max_connections == 0) {
    const std::uint64_t limit = raise_descriptor_limit();
    options.max_connections = (limit - std::min(limit / 2, kReservedDescriptors)) / 2;
  }
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    workers_.push_back(
        std::make_unique<RelayWorker>(pool_.worker(i), pool_.size(), sink, options, tasks_));
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    relay_rules_[i].tls = tls_[i];
    relay_rules_[i].is_public = listeners_[i]->is_public();
    relay_rules_[i].rejected = rejected_[i].get();
    relay_rules_[i].own_connections = &own_connections_;
    listeners_[i]->start([this, rule = &relay_rules_[i]](Worker& worker, Stream stream) {
      take(*rule, worker, std::move(stream));
    });
  }
  started_ = true;
}

void Recorder::State::take(const RelayRule& rule, Worker& worker, Stream stream) {
  if (static_cast<std::size_t>(open_) >= options.max_connections) {
    if (refused_++ == 0) {
      spdlog::warn(
          "recorder rule={} connection refused: {} are open, the most that may be "
          "(--max-connections, or raise the descriptor limit)",
          rule.rule->name, options.max_connections);
    }
    stream.reset();
    return;
  }
  ++sessions_;
  std::make_shared<Relay>(*workers_[worker.index()], rule, std::move(stream), open_)->start();
}

void Recorder::State::stop(milliseconds grace) {
  if (stopped_) return;
  stopped_ = true;
  for (const std::unique_ptr<Listener>& listener : listeners_)
    listener->stop();
  if (!started_) return;
  pool_.on_each([this](Worker& worker) { workers_[worker.index()]->begin_stop(); });
  if (!tasks_.wait(grace)) {
    pool_.on_each([this](Worker& worker) { workers_[worker.index()]->end_all(); });
    if (!tasks_.wait(kEndPatience)) {
      spdlog::error("recorder {} sessions did not end in time", tasks_.running());
    }
  }
  pool_.on_each([this](Worker& worker) { workers_[worker.index()]->flush(); });
}

void Recorder::State::on_room() {
  for (const std::unique_ptr<RelayWorker>& worker : workers_)
    worker->post_room();
}

std::vector<ListeningRule> Recorder::State::listening() const {
  std::vector<ListeningRule> list;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    list.push_back({rules[i].name, rules[i].client_scheme, listeners_[i]->address(),
                    listeners_[i]->is_public(), rules[i].proxy && !rules[i].proxy->by_host});
  }
  return list;
}

RecorderCounters Recorder::State::counters() const {
  RecorderCounters counters;
  counters.sessions = sessions_;
  counters.open_sessions = static_cast<std::uint64_t>(std::max<std::int64_t>(open_, 0));
  counters.refused = refused_;
  for (const std::unique_ptr<RelayWorker>& worker : workers_) {
    counters.exchanges += worker->outbox().exchanges_begun;
    counters.dropped_exchanges += worker->outbox().exchanges_dropped;
    counters.dropped_bytes += worker->outbox().bytes_dropped;
  }
  return counters;
}

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recorder::~Recorder() = default;

Result<std::unique_ptr<Recorder>> Recorder::open(std::vector<ForwardRule> rules, WorkerPool& pool,
                                                 RecorderOptions options) {
  auto state = std::make_unique<State>(std::move(rules), pool, std::move(options));
  if (Result<void> prepared = state->prepare(); !prepared) {
    return std::unexpected(prepared.error());
  }
  if (Result<void> ready = state->prepare_tls(); !ready) return std::unexpected(ready.error());
  if (Result<void> bound = state->bind(); !bound) return std::unexpected(bound.error());
  return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

std::vector<ListeningRule> Recorder::listening() const {
  return state_->listening();
}
const std::vector<ForwardRule>& Recorder::rules() const {
  return state_->rules;
}

void Recorder::set_redaction_key(Bytes key) {
  state_->options.redaction_key = std::move(key);
  // Prepared once in open(): what parsed then parses again.
  [[maybe_unused]] const Result<void> prepared = state_->prepare();
}

void Recorder::start(RecordingSink& sink) {
  state_->start(sink);
}
void Recorder::stop(milliseconds grace) {
  state_->stop(grace);
}
void Recorder::on_room() {
  state_->on_room();
}
RecorderCounters Recorder::counters() const {
  return state_->counters();
}

}  // namespace understudy
