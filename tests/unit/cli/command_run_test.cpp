#include "ui/cli/command_run.h"
#include "ui/cli/rule_environment.h"
#include "ui/cli/run_loop.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>

namespace understudy {
namespace {

using Words = std::vector<std::string>;

/// The end of a COMMAND that runs `script` in sh.
RunEnd end_of(
    const std::string& script, const std::vector<EnvironmentVariable>& environment = {},
    const std::function<void()>& on_reload = [] {}) {
  RunSignals signals;
  const Words words{"sh", "-c", script};
  const Result<RunEnd> end = run_command(signals, words, environment, on_reload);
  if (!end) ADD_FAILURE() << end.error().what;
  return end ? *end : RunEnd{};
}

TEST(RunCommand, KeepsTheExitCode) {
  EXPECT_EQ(end_of("exit 0").command_code, 0);
  EXPECT_EQ(end_of("exit 7").command_code, 7);
}

TEST(RunCommand, KilledIs128AndTheSignal) {
  EXPECT_EQ(end_of("kill -KILL $$").command_code, 128 + SIGKILL);
}

TEST(RunCommand, SeesTheVariables) {
  EXPECT_EQ(
      end_of("test \"$UNDERSTUDY_ORDERS\" = 127.0.0.1:80", {{"UNDERSTUDY_ORDERS", "127.0.0.1:80"}})
          .command_code,
      0);
}

TEST(RunCommand, VariablesReplaceInheritedOnes) {
  ::setenv("UNDERSTUDY_ORDERS", "old", 1);
  EXPECT_EQ(
      end_of("test \"$UNDERSTUDY_ORDERS\" = new", {{"UNDERSTUDY_ORDERS", "new"}}).command_code, 0);
  ::unsetenv("UNDERSTUDY_ORDERS");
}

TEST(RunCommand, StopSignalsArePassedOn) {
  // The command sends us the signal once its trap is set, and goes round until it comes back.
  const RunEnd end = end_of("trap 'exit 9' TERM; kill -TERM $PPID; while :; do :; done");
  EXPECT_EQ(end.command_code, 9);
  EXPECT_EQ(end.signal, SIGTERM);
}

TEST(RunCommand, HangupReloadsAndTheCommandGoesOn) {
  int reloads = 0;
  const RunEnd end = end_of("kill -HUP $PPID; exit 3", {}, [&reloads] { ++reloads; });
  EXPECT_EQ(end.command_code, 3);
  EXPECT_LE(reloads, 1);
}

TEST(RunCommand, InheritsNoOtherDescriptor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string path = "/proc/self/fd/" + std::to_string(ends[0]);
  EXPECT_NE(end_of("test -e " + path).command_code, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RunCommand, WhatCannotBeStartedIsAUsageError) {
  RunSignals signals;
  const Words words{"no-such-program-here"};
  const Result<RunEnd> end = run_command(signals, words, {}, [] {});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().source, ErrorSource::Config);
  EXPECT_NE(end.error().what.find("no-such-program-here"), std::string::npos);
}

TEST(WaitForStop, EndsWithTheSignalOrTheWake) {
  RunSignals signals;
  ::kill(::getpid(), SIGINT);
  EXPECT_EQ(wait_for_stop(signals, [] {}).signal, SIGINT);
  RunSignals::wake();
  EXPECT_TRUE(wait_for_stop(signals, [] {}).woken);
}

TEST(WaitForStop, HangupCallsReload) {
  RunSignals signals;
  int reloads = 0;
  ::kill(::getpid(), SIGHUP);
  // The reload itself asks for the end, so that the order of signals does not matter.
  const RunEnd end = wait_for_stop(signals, [&reloads] {
    ++reloads;
    RunSignals::wake();
  });
  EXPECT_TRUE(end.woken);
  EXPECT_EQ(reloads, 1);
}

TEST(CommandText, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(command_text(Words{"npm", "test"}), "npm test");
  EXPECT_EQ(command_text(Words{"echo", "two words", "it's", ""}), "echo 'two words' 'it'\\''s' ''");
}

TEST(RuleEnvironment, NamesAreUpperCaseWithUnderscores) {
  EXPECT_EQ(rule_variable("http-api.example.com-80"), "UNDERSTUDY_HTTP_API_EXAMPLE_COM_80");
  EXPECT_EQ(rule_variable("größe"), "UNDERSTUDY_GR____E");
}

TEST(RuleEnvironment, ClashesAreSaid) {
  const std::vector<ListeningRule> rules{{"a-b", "http", "127.0.0.1:1", false},
                                         {"a.b", "http", "127.0.0.1:2", false}};
  std::vector<std::string> warnings;
  const auto variables = rule_environment(rules, warnings);
  ASSERT_EQ(variables.size(), 1u);
  EXPECT_EQ(variables[0], EnvironmentVariable("UNDERSTUDY_A_B", "127.0.0.1:1"));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("a.b"), std::string::npos);
}

}  // namespace
}  // namespace understudy
