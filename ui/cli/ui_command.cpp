#include "ui/cli/ui_command.h"

#include "ui/cli/exit_code.h"
#include "ui/cli/local_ui.h"
#include "ui/cli/log_setup.h"
#include "ui/cli/run_loop.h"
#include "ui/cli/service_start.h"
#include "ui/cli/store_access.h"

#include <fmt/format.h>

namespace understudy {

namespace {

/// The store as it is now; the page of a store that cannot be read shows no counters.
ServiceInfo store_info(const std::string& store, Timestamp started_at) {
  ServiceInfo info;
  info.command = "ui";
  info.store = store;
  info.started_at = started_at;
  const auto reader = RecordingReader::open(store);
  if (!reader) return info;
  const Result<std::vector<Recording>> recordings = (*reader)->recordings();
  if (!recordings) return info;
  std::uint64_t sessions = 0, exchanges = 0;
  for (const Recording& recording : *recordings) {
    sessions += static_cast<std::uint64_t>(recording.sessions);
    exchanges += static_cast<std::uint64_t>(recording.exchanges);
  }
  info.counters = {
      {"recordings", recordings->size()}, {"sessions", sessions}, {"exchanges", exchanges}};
  return info;
}

Result<void> serve(const UiArguments& arguments, RunSignals& signals) {
  const auto reader = open_store(arguments.store);
  if (!reader) return std::unexpected(reader.error());
  std::string notice;
  Result<std::unique_ptr<WebServer>> server = open_local_ui(arguments.listen, false, notice);
  if (!server) return std::unexpected(server.error());
  if (*server == nullptr) {
    return std::unexpected(Error(ErrorSource::Config, "--listen",
                                 "'off' leaves nothing to serve; name a port, such as 7071"));
  }
  if (!notice.empty()) print_warning(notice);
  (*server)->start([store = arguments.store, started_at = wall_clock_now()] {
    return store_info(store, started_at);
  });
  fmt::print("status page of {}: {}\nCtrl-C stops\n", arguments.store, (*server)->url());
  std::fflush(stdout);
  [[maybe_unused]] const RunEnd end = wait_for_stop(signals, [] {});
  (*server)->stop();
  return {};
}

}  // namespace

int run(const UiArguments& arguments) {
  set_up_log(arguments.log_level);
  RunSignals signals;
  const Result<void> served = serve(arguments, signals);
  return served ? kExitDone : report_error(served.error());
}

}  // namespace understudy
