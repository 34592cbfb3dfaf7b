#include "ui/cli/record_run.h"

#include "protocols/transport/cert_authority.h"
#include "ui/cli/command_run.h"
#include "ui/cli/local_ui.h"
#include "ui/cli/rule_input.h"
#include "ui/cli/rule_text.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <cstdlib>
#include <utility>

namespace understudy {

namespace {

constexpr std::size_t kMib = std::size_t{1024} * 1024;
/// The client's and the upstream's.
constexpr std::size_t kDescriptorsPerConnection = 2;

/// SIGHUP. Rules that run are not replaced in this version; a mistake in the file is better known
/// now than at the next start.
void check_configuration(const RunArguments& run) {
  const Result<RuleInput> input = read_rules(run.config, run.forwards, run.proxy);
  if (!input) {
    spdlog::error("configuration {}; the running rules stay as they are", describe(input.error()));
  } else {
    spdlog::info("configuration read again, {} rules, no mistakes; it applies at the next start",
                 input->rules.size());
  }
}

/// NO_PROXY as curl reads it: the lower case one first.
std::string_view own_no_proxy() {
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    if (const char* value = std::getenv(name)) return value;
  }
  return {};
}

}  // namespace

RecordRun::RecordRun(const RecordArguments& arguments)
    : arguments_(arguments),
      started_at_(wall_clock_now()),
      pool_(arguments.run.workers == 0 ? default_worker_count() : arguments.run.workers),
      limit_(connection_limit(arguments.run, kDescriptorsPerConnection)) {}

RecordRun::~RecordRun() {
  if (web_) web_->stop();
  if (recorder_) recorder_->stop(std::chrono::milliseconds{0});
}

Result<void> RecordRun::start(std::vector<ForwardRule> rules) {
  for (const ForwardRule& rule : rules)
    upstreams_.push_back(upstream_url(rule));
  auto authority = open_authority(rules);
  if (!authority) return std::unexpected(authority.error());
  authority_ = std::move(*authority);
  pool_.start();
  RecorderOptions options;
  options.limits = arguments_.limits;
  options.overload = arguments_.overload;
  options.max_connections = limit_.connections;
  options.authority = authority_;
  options.upstream_proxy = arguments_.upstream_proxy;
  if (options.upstream_proxy) options.upstream_proxy->except = parse_no_proxy(own_no_proxy());
  auto recorder = Recorder::open(std::move(rules), pool_, std::move(options));
  if (!recorder) return std::unexpected(recorder.error());
  recorder_ = std::move(*recorder);

  std::string notice;
  auto web = open_local_ui(arguments_.run.ui, !arguments_.run.command.empty(), notice);
  if (!web) return std::unexpected(web.error());
  web_ = std::move(*web);
  if (!notice.empty()) print_warning(notice);

  if (Result<void> opened = open_writer(); !opened) return opened;
  recorder_->set_redaction_key(writer_->redaction_key());
  recorder_->start(*writer_);
  if (web_) web_->start([this] { return info(); });
  return {};
}

Result<void> RecordRun::open_writer() {
  RecordingStart start;
  start.name = arguments_.name;
  start.command = command_text(arguments_.run.command);
  start.rules = recorder_->rules();
  WriterOptions options;
  options.queue_limit_bytes = arguments_.queue_mib * kMib;
  options.on_error = [stop = arguments_.stop_on_store_error](const Error& error) {
    spdlog::critical("store RECORDING HAS STOPPED, {}: {}",
                     stop ? "the program ends" : "traffic is still forwarded", describe(error));
    if (stop) RunSignals::wake();
  };
  auto writer = RecordingWriter::open(arguments_.run.store, start, std::move(options));
  if (!writer) return std::unexpected(writer.error());
  writer_ = std::move(*writer);
  writer_->on_room([this] { recorder_->on_room(); });
  return {};
}

Result<RunEnd> RecordRun::wait(RunSignals& signals) {
  const std::vector<ListeningRule> listening = recorder_->listening();
  RunningService service;
  service.headline = fmt::format("recording {} into {}", writer_->name(), arguments_.run.store);
  service.listening = listening;
  service.upstreams = upstreams_;
  service.authority = authority_.get();
  service.credentials = proxy_credentials(recorder_->rules());
  if (web_) service.ui_url = web_->url();
  service.limit = limit_;
  if (Result<void> announced = announce(arguments_.run, service); !announced) {
    return std::unexpected(announced.error());
  }
  return run_until_end(arguments_.run, signals, service,
                       [this] { check_configuration(arguments_.run); });
}

RecordSummary RecordRun::finish() {
  if (web_) web_->stop();
  recorder_->stop(stop_grace(arguments_.run));
  const RecorderCounters counters = recorder_->counters();
  writer_->add_dropped(counters.dropped_exchanges, counters.dropped_bytes);
  const Result<WriterSummary> finished = writer_->finish();
  RecordSummary summary;
  summary.store = arguments_.run.store;
  summary.written = writer_->summary();
  if (!finished) summary.problem = describe(finished.error());
  summary.counters = counters;
  return summary;
}

ServiceInfo RecordRun::info() const {
  ServiceInfo info;
  info.command = "record";
  info.store = arguments_.run.store;
  info.recording = writer_->name();
  info.started_at = started_at_;
  if (const Error* problem = writer_->why_broken()) info.problem = describe(*problem);
  if (authority_) info.authority = {authority_->paths().certificate, authority_->root_pem()};
  const std::vector<ListeningRule> listening = recorder_->listening();
  for (std::size_t i = 0; i < listening.size(); ++i) {
    info.rules.push_back({listening[i], upstreams_[i]});
  }
  const RecorderCounters counters = recorder_->counters();
  info.counters = {{"exchanges", counters.exchanges},
                   {"sessions", counters.sessions},
                   {"open sessions", counters.open_sessions},
                   {"refused connections", counters.refused},
                   {"bytes not stored", counters.dropped_bytes}};
  return info;
}

}  // namespace understudy
