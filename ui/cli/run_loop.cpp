#include "ui/cli/run_loop.h"

#include <csignal>
#include <optional>

namespace understudy {

RunEnd wait_for_stop(RunSignals& signals, const std::function<void()>& on_reload) {
  using Kind = RunSignals::Event::Kind;
  for (;;) {
    const RunSignals::Event event = signals.wait();
    RunEnd end;
    if (event.kind == Kind::Reload) on_reload();
    if (event.kind == Kind::Stop) end.signal = event.signal;
    if (event.kind == Kind::Woken) end.woken = true;
    if (end.signal != 0 || end.woken) return end;
  }
}

Result<RunEnd> run_command(RunSignals& signals, std::span<const std::string> words,
                           const std::vector<EnvironmentVariable>& environment,
                           const std::function<void()>& on_reload) {
  using Kind = RunSignals::Event::Kind;
  Result<CommandRun> command = CommandRun::start(words, environment, signals.original_mask());
  if (!command) return std::unexpected(command.error());
  RunEnd end;
  for (;;) {
    const RunSignals::Event event = signals.wait();
    switch (event.kind) {
      case Kind::Reload: on_reload(); break;
      case Kind::Stop:
        end.signal = event.signal;
        if (!event.from_terminal) command->send(event.signal);
        break;
      case Kind::Woken:
        end.woken = true;
        command->send(SIGTERM);
        break;
      case Kind::ChildEnded: break;
    }
    // Asked after every event: signals of one kind that come together are delivered as one.
    if (const std::optional<int> code = command->ended()) {
      end.command_code = *code;
      return end;
    }
  }
}

}  // namespace understudy
