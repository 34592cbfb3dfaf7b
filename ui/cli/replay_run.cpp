#include "ui/cli/replay_run.h"

#include "protocols/transport/cert_authority.h"
#include "store/upgrade.h"
#include "ui/cli/local_ui.h"
#include "ui/cli/plain_text.h"
#include "ui/cli/proxy_rules.h"
#include "ui/cli/rule_check.h"
#include "ui/cli/store_access.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace understudy {

namespace {

/// The client's; nothing goes out.
constexpr std::size_t kDescriptorsPerConnection = 1;

}  // namespace

ReplayRun::ReplayRun(const ReplayArguments& arguments)
    : arguments_(arguments),
      started_at_(wall_clock_now()),
      pool_(arguments.run.workers == 0 ? default_worker_count() : arguments.run.workers),
      limit_(connection_limit(arguments.run, kDescriptorsPerConnection)) {}

ReplayRun::~ReplayRun() {
  if (web_) web_->stop();
  if (replayer_) replayer_->stop(std::chrono::milliseconds{0});
}

Result<void> ReplayRun::load(std::vector<ForwardRule> rules) {
  const std::string& store = arguments_.run.store;
  if (Result<void> there = store_exists(store); !there) return there;
  // The one thing that replay ever changes in a store: what an older program wrote gets our
  // version.
  [[maybe_unused]] const Result<bool> upgraded = bring_up_to_date(store);
  auto source = RecordingReader::open(store);
  if (!source) return std::unexpected(source.error());
  source_ = std::move(*source);
  Result<Recording> recording = source_->recording(arguments_.recording);
  if (!recording) return std::unexpected(recording.error());
  recording_ = std::move(*recording);

  if (Result<void> prepared = prepare(rules); !prepared) return prepared;
  Result<Bytes> key = source_->redaction_key();
  if (!key) return std::unexpected(key.error());

  ReplayOptions options;
  options.redaction_key = std::move(*key);
  options.timing_factor = arguments_.timing_factor;
  options.after_last = arguments_.after_last;
  options.max_connections = limit_.connections;
  options.authority = authority_;
  options.handshake_timeout = arguments_.handshake_timeout;
  options.open_source = [store]() -> Result<std::unique_ptr<RecordingSource>> {
    auto reader = RecordingReader::open(store);
    if (!reader) return std::unexpected(reader.error());
    return std::unique_ptr<RecordingSource>(std::move(*reader));
  };
  std::vector<std::string> warnings;
  auto replayer =
      Replayer::load(*source_, recording_, std::move(rules), pool_, std::move(options), warnings);
  for (const std::string& warning : warnings)
    print_warning(warning);
  if (!replayer) return std::unexpected(replayer.error());
  replayer_ = std::move(*replayer);
  return {};
}

Result<void> ReplayRun::prepare(std::vector<ForwardRule>& rules) {
  auto served = replay_rules(arguments_.run, std::move(rules), recording_);
  if (!served) return std::unexpected(served.error());
  rules = std::move(*served);
  if (Result<void> checked = check_ports(rules); !checked) return checked;
  credentials_ = proxy_credentials(rules);
  std::vector<ForwardRule> recorded;
  recorded.reserve(recording_.rules.size());
  for (const RecordedRule& one : recording_.rules)
    recorded.push_back(one.rule);
  auto authority = open_authority(rules.empty() ? recorded : rules);
  if (!authority) return std::unexpected(authority.error());
  authority_ = std::move(*authority);
  return {};
}

Result<void> ReplayRun::start(std::vector<ForwardRule> rules) {
  pool_.start();
  if (Result<void> loaded = load(std::move(rules)); !loaded) return loaded;
  std::string notice;
  auto web = open_local_ui(arguments_.run.ui, !arguments_.run.command.empty(), notice);
  if (!web) return std::unexpected(web.error());
  web_ = std::move(*web);
  if (!notice.empty()) print_warning(notice);
  replayer_->start();
  if (web_) web_->start([this] { return info(); });
  return {};
}

Result<RunEnd> ReplayRun::wait(RunSignals& signals) {
  const std::vector<ListeningRule> listening = replayer_->listening();
  RunningService service;
  service.headline = fmt::format("replaying {} from {}, {}", recording_.name, arguments_.run.store,
                                 count_text(replayer_->stub_count(), "stub"));
  service.listening = listening;
  service.authority = authority_.get();
  service.credentials = credentials_;
  if (web_) service.ui_url = web_->url();
  service.limit = limit_;
  if (Result<void> announced = announce(arguments_.run, service); !announced) {
    return std::unexpected(announced.error());
  }
  return run_until_end(arguments_.run, signals, service, [] {
    spdlog::info("configuration a running replay keeps its rules; start it again to change them");
  });
}

ReplayReport ReplayRun::finish() {
  if (web_) web_->stop();
  replayer_->stop(stop_grace(arguments_.run));
  return replayer_->report();
}

ServiceInfo ReplayRun::info() const {
  ServiceInfo info;
  info.command = "replay";
  info.store = arguments_.run.store;
  info.recording = recording_.name;
  info.started_at = started_at_;
  if (authority_) info.authority = {authority_->paths().certificate, authority_->root_pem()};
  for (const ListeningRule& rule : replayer_->listening())
    info.rules.push_back({rule, ""});
  const ReplayTotals totals = replayer_->totals();
  info.counters = {{"exact", totals.exact},         {"relaxed", totals.relaxed},
                   {"exhausted", totals.exhausted}, {"missed", totals.missed},
                   {"control", totals.control},     {"outgoing", totals.outgoing}};
  return info;
}

}  // namespace understudy
