#include "ui/cli/run_signals.h"

#include <pthread.h>
#include <unistd.h>
#include <initializer_list>

namespace understudy {

namespace {

/// A real-time signal, which no user sends by habit.
int wake_signal() {
  return SIGRTMIN;
}

}  // namespace

RunSignals::RunSignals() {
  sigemptyset(&waited_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, wake_signal()}) {
    sigaddset(&waited_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &waited_, &original_);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &original_pipe_);
  sigaction(SIGXFSZ, &ignore, &original_size_);
}

RunSignals::~RunSignals() {
  sigaction(SIGPIPE, &original_pipe_, nullptr);
  sigaction(SIGXFSZ, &original_size_, nullptr);
  pthread_sigmask(SIG_SETMASK, &original_, nullptr);
}

RunSignals::Event RunSignals::wait() {
  siginfo_t info{};
  int signal = -1;
  while (signal < 0)
    signal = sigwaitinfo(&waited_, &info);  // -1: interrupted by a debugger
  Event event;
  event.signal = signal;
  event.from_terminal = info.si_code == SI_KERNEL;
  if (signal == SIGHUP) event.kind = Event::Kind::Reload;
  if (signal == SIGCHLD) event.kind = Event::Kind::ChildEnded;
  if (signal == wake_signal()) event.kind = Event::Kind::Woken;
  return event;
}

void RunSignals::let_stop_signals_through() {
  sigset_t stops{};
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
}

void RunSignals::wake() {
  ::kill(::getpid(), wake_signal());
}

}  // namespace understudy
