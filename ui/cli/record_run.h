// One run of `understudy record`, from bound ports to the summary. Used by the main thread; what
// the web server asks is answered from counters that any thread may read.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/worker_pool.h"
#include "recorder/recorder.h"
#include "store/recording_writer.h"
#include "ui/cli/arguments.h"
#include "ui/cli/record_summary.h"
#include "ui/cli/run_loop.h"
#include "ui/cli/service_start.h"
#include "ui/web/web_server.h"

#include <memory>
#include <string>
#include <vector>

namespace understudy {

class RecordRun {
 public:
  /// `arguments` outlives it.
  explicit RecordRun(const RecordArguments& arguments);
  /// Stops what runs; what was recorded until then is in the store.
  ~RecordRun();
  RecordRun(const RecordRun&) = delete;
  RecordRun& operator=(const RecordRun&) = delete;

  /// Binds every port, opens the store, starts recording and the status page. Errors: Config,
  /// Environment, Store.
  [[nodiscard]] Result<void> start(std::vector<ForwardRule> rules);
  /// Announces and waits. Errors: Environment (ready file), Config (COMMAND cannot be started).
  [[nodiscard]] Result<RunEnd> wait(RunSignals& signals);
  /// Stops accepting, lets open exchanges end, brings everything into the store.
  [[nodiscard]] RecordSummary finish();

 private:
  [[nodiscard]] Result<void> open_writer();
  [[nodiscard]] ServiceInfo info() const;

  const RecordArguments& arguments_;
  const Timestamp started_at_;
  std::vector<std::string> upstreams_;        ///< by rule
  std::shared_ptr<CertAuthority> authority_;  ///< null = no rule speaks TLS with its clients
  // In this order: the writer calls the recorder, the recorder runs on the pool.
  WorkerPool pool_;
  const ConnectionLimit limit_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<RecordingWriter> writer_;
  std::unique_ptr<WebServer> web_;
};

}  // namespace understudy
