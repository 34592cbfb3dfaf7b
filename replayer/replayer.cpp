#include "replayer/replayer.h"

#include "protocols/transport/descriptor_limit.h"
#include "protocols/transport/worker_pool.h"
#include "replayer/repertoire_loader.h"
#include "replayer/report.h"
#include "replayer/rule_pairing.h"
#include "replayer/service_tls.h"
#include "replayer/virtual_service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

/// Coroutines whose sockets are closed end within one turn of their worker.
constexpr std::chrono::seconds kCloseTime{5};

std::size_t connection_limit(const ReplayOptions& options) {
  if (options.max_connections != 0) return options.max_connections;
  const std::uint64_t limit = raise_descriptor_limit();
  return static_cast<std::size_t>(limit - std::min(limit / 2, kReservedDescriptors));
}

Error name_rule(Error error, const ForwardRule& rule) {
  error.where = fmt::format("rule {} ({})", rule.name, error.where);
  return error;
}

/// This machine has no such adapter: then nothing can be bound there, whatever the port.
bool lacks_adapter(WorkerPool& pool, const Endpoint& at) {
  return !Listener::open(pool, Endpoint{at.host, 0});
}

/// Binds the port of a rule. A recorded rule moves to the loopback where its adapter is missing.
Result<std::unique_ptr<Listener>> bind(WorkerPool& pool, const ForwardRule& rule, bool recorded,
                                       std::vector<std::string>& warnings) {
  Result<std::unique_ptr<Listener>> listener = Listener::open(pool, rule.listen);
  if (listener) return listener;
  if (!recorded || !lacks_adapter(pool, rule.listen)) {
    return std::unexpected(name_rule(listener.error(), rule));
  }
  warnings.push_back(fmt::format("rule {}: this machine has no adapter {}, localhost is used",
                                 rule.name, rule.listen.host));
  listener = Listener::open(pool, Endpoint{"localhost", rule.listen.port});
  if (!listener) return std::unexpected(name_rule(listener.error(), rule));
  return listener;
}

}  // namespace

class Replayer::State {
 public:
  State(WorkerPool& workers, const Recording& recording, const ReplayOptions& options)
      : pool(workers),
        name(recording.name),
        journal(workers.size()),
        floor(connection_limit(options)) {
    for (std::size_t i = 0; i < workers.size(); ++i) {
      floor.desks.push_back(
          std::make_unique<WorkerDesk>(workers.worker(i), journal.lane(i), options.open_source));
    }
  }

  void start() {
    running = true;
    for (const auto& desk : floor.desks)
      floor.tasks.spawn(desk->executor(), desk->tick());
    for (const auto& service : services)
      service->start();
  }

  void stop(std::chrono::milliseconds grace) {
    if (!std::exchange(running, false)) return;
    for (const auto& service : services)
      service->stop_accepting();
    pool.on_each([this](Worker& worker) { floor.desks[worker.index()]->begin_stop(); });
    if (floor.tasks.wait(grace)) return;
    pool.on_each([this](Worker& worker) { floor.desks[worker.index()]->close_all(); });
    if (!floor.tasks.wait(kCloseTime)) spdlog::error("replay connections did not end in time");
  }

  [[nodiscard]] ReplayReport report() const {
    ReplayReport report;
    report.recording = name;
    report.not_served = not_served;
    journal.fill(report);
    std::vector<UnusedExchange> unused;
    for (const auto& service : services) {
      std::ranges::move(service->repertoire().unused(), std::back_inserter(unused));
      report.failed_handshakes += service->failed_handshakes();
    }
    std::ranges::sort(unused, {}, &UnusedExchange::number);
    for (UnusedExchange& exchange : unused) {
      report.unused.push_back(exchange.number);
      report.unused_labels.push_back(std::move(exchange.label));
    }
    report.totals.unused = unused.size();
    return report;
  }

  WorkerPool& pool;
  const std::string name;
  Journal journal;
  ReplayFloor floor;
  std::vector<std::unique_ptr<VirtualService>> services;
  std::vector<std::string> not_served;
  bool running = false;
};

Result<std::unique_ptr<Replayer>> Replayer::load(RecordingSource& source,
                                                 const Recording& recording,
                                                 std::vector<ForwardRule> served, WorkerPool& pool,
                                                 ReplayOptions options,
                                                 std::vector<std::string>& warnings) {
  const bool recorded = served.empty();
  Result<std::vector<RulePair>> pairs = pair_rules(recording, std::move(served));
  if (!pairs) return std::unexpected(pairs.error());
  // Ports first: whoever forgot to stop the recorder should not wait for the load to learn it.
  std::vector<std::unique_ptr<Listener>> listeners;
  for (const RulePair& pair : *pairs) {
    Result<std::unique_ptr<Listener>> listener = bind(pool, pair.served, recorded, warnings);
    if (!listener) return std::unexpected(listener.error());
    listeners.push_back(std::move(*listener));
  }
  std::vector<std::unique_ptr<TlsDoor>> doors;
  for (const RulePair& pair : *pairs) {
    Result<std::unique_ptr<TlsDoor>> door = open_door(pair, recorded, options, warnings);
    if (!door) return std::unexpected(door.error());
    doors.push_back(std::move(*door));
  }
  Result<LoadedRepertoires> loaded = load_repertoires(source, recording, *pairs, options);
  if (!loaded) return std::unexpected(loaded.error());
  auto state = std::make_unique<State>(pool, recording, options);
  state->not_served = std::move(loaded->not_served);
  for (std::size_t i = 0; i < pairs->size(); ++i) {
    state->services.push_back(std::make_unique<VirtualService>(
        std::move((*pairs)[i].served), std::move(listeners[i]), std::move(loaded->by_pair[i]),
        std::move(doors[i]), state->floor));
  }
  return std::unique_ptr<Replayer>(new Replayer(std::move(state)));
}

Replayer::Replayer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Replayer::~Replayer() {
  stop(std::chrono::milliseconds(0));
}

std::vector<ListeningRule> Replayer::listening() const {
  std::vector<ListeningRule> rules;
  for (const auto& service : state_->services)
    rules.push_back(service->listening());
  return rules;
}

std::size_t Replayer::stub_count() const {
  std::size_t count = 0;
  for (const auto& service : state_->services)
    count += service->repertoire().stub_count();
  return count;
}

void Replayer::start() {
  state_->start();
}

void Replayer::stop(std::chrono::milliseconds grace) {
  state_->stop(grace);
}

ReplayTotals Replayer::totals() const {
  return state_->journal.totals();
}

ReplayReport Replayer::report() const {
  return state_->report();
}

}  // namespace understudy
