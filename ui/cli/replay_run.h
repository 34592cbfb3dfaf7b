// One run of `understudy replay`, from the loaded recording to the report. Used by the main thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/worker_pool.h"
#include "replayer/replayer.h"
#include "replayer/report.h"
#include "store/recording_reader.h"
#include "ui/cli/arguments.h"
#include "ui/cli/run_loop.h"
#include "ui/cli/service_start.h"
#include "ui/web/web_server.h"

#include <memory>
#include <string>
#include <vector>

namespace understudy {

class ReplayRun {
 public:
  /// `arguments` outlives it.
  explicit ReplayRun(const ReplayArguments& arguments);
  ~ReplayRun();
  ReplayRun(const ReplayRun&) = delete;
  ReplayRun& operator=(const ReplayRun&) = delete;

  /// Loads the recording, binds the ports of `rules`, as read_rules() found them (empty = the
  /// recorded ones), serves. Errors: Config, Environment, Store.
  [[nodiscard]] Result<void> start(std::vector<ForwardRule> rules);
  [[nodiscard]] Result<RunEnd> wait(RunSignals& signals);
  [[nodiscard]] ReplayReport finish();

 private:
  [[nodiscard]] Result<void> load(std::vector<ForwardRule> rules);
  /// What hangs on the rules that are served, once they are known.
  [[nodiscard]] Result<void> prepare(std::vector<ForwardRule>& rules);
  [[nodiscard]] ServiceInfo info() const;

  const ReplayArguments& arguments_;
  const Timestamp started_at_;
  WorkerPool pool_;
  const ConnectionLimit limit_;
  std::unique_ptr<RecordingReader> source_;
  Recording recording_;
  std::shared_ptr<CertAuthority> authority_;  ///< null = no rule speaks TLS with its clients
  std::string credentials_;                   ///< of the forward proxy; empty = none
  std::unique_ptr<Replayer> replayer_;
  std::unique_ptr<WebServer> web_;
};

}  // namespace understudy
