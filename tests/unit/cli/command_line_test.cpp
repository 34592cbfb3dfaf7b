#include "ui/cli/command_line.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace understudy {
namespace {

using Words = std::vector<std::string>;

template <class Arguments>
Arguments parsed(const Words& words) {
  const Result<CommandLine> line = parse_command_line(words);
  if (!line) {
    ADD_FAILURE() << line.error().what;
    return {};
  }
  const auto* arguments = std::get_if<Arguments>(&*line);
  if (arguments == nullptr) {
    ADD_FAILURE() << "another command";
    return {};
  }
  return *arguments;
}

/// The sentence that refuses these words.
std::string refusal(const Words& words) {
  const Result<CommandLine> line = parse_command_line(words);
  if (line) {
    ADD_FAILURE() << "accepted";
    return "";
  }
  EXPECT_EQ(line.error().source, ErrorSource::Config);
  return describe(line.error());
}

std::string text(const Words& words) {
  return parsed<TextToPrint>(words).text;
}

TEST(CommandLine, RecordHasDocumentedDefaults) {
  const auto record = parsed<RecordArguments>({"record"});
  EXPECT_EQ(record.run.store, "understudy.db");
  EXPECT_EQ(record.run.ui.kind, UiChoice::Kind::Default);
  EXPECT_TRUE(record.run.set_environment);
  EXPECT_TRUE(record.run.command.empty());
  EXPECT_EQ(record.queue_mib, 12u);
  EXPECT_EQ(record.overload, Overload::Stall);
  EXPECT_FALSE(record.stop_on_store_error);
  EXPECT_EQ(record.limits.connect, std::chrono::seconds(10));
}

TEST(CommandLine, RecordTakesEveryOption) {
  const auto record = parsed<RecordArguments>({"record",
                                               "run.db",
                                               "--config",
                                               "r.xml",
                                               "--forward",
                                               "a=b",
                                               "--forward",
                                               "c=d",
                                               "--name",
                                               "nightly",
                                               "--queue-mib",
                                               "7",
                                               "--overload",
                                               "drop",
                                               "--on-store-error",
                                               "stop",
                                               "--connect-timeout",
                                               "2s",
                                               "--head-timeout",
                                               "500ms",
                                               "--reply-timeout",
                                               "1m",
                                               "--handshake-timeout",
                                               "3s",
                                               "--max-connections",
                                               "9",
                                               "--ready-file",
                                               "ready.json",
                                               "--ui",
                                               "off",
                                               "--no-env",
                                               "--workers",
                                               "3",
                                               "--log-level",
                                               "debug",
                                               "--json"});
  EXPECT_EQ(record.run.store, "run.db");
  EXPECT_EQ(record.run.config, "r.xml");
  EXPECT_EQ(record.run.forwards, (Words{"a=b", "c=d"}));
  EXPECT_EQ(record.name, "nightly");
  EXPECT_EQ(record.queue_mib, 7u);
  EXPECT_EQ(record.overload, Overload::Drop);
  EXPECT_TRUE(record.stop_on_store_error);
  EXPECT_EQ(record.limits.connect, std::chrono::seconds(2));
  EXPECT_EQ(record.limits.head, std::chrono::milliseconds(500));
  EXPECT_EQ(record.limits.reply, std::chrono::minutes(1));
  EXPECT_EQ(record.limits.handshake, std::chrono::seconds(3));
  EXPECT_EQ(record.run.max_connections, 9u);
  EXPECT_EQ(record.run.ready_file, "ready.json");
  EXPECT_EQ(record.run.ui.kind, UiChoice::Kind::Off);
  EXPECT_FALSE(record.run.set_environment);
  EXPECT_EQ(record.run.workers, 3u);
  EXPECT_EQ(record.run.log_level, "debug");
  EXPECT_TRUE(record.run.json);
}

TEST(CommandLine, AnOptionTakesOneValueAtATime) {
  const auto record = parsed<RecordArguments>({"record", "--forward", "a=b", "run.db"});
  EXPECT_EQ(record.run.forwards, Words{"a=b"});
  EXPECT_EQ(record.run.store, "run.db");
}

TEST(CommandLine, EverythingAfterTheDashesIsTheCommand) {
  const auto record = parsed<RecordArguments>(
      {"record", "--forward", "a=b", "--", "npm", "test", "--", "--json", "run.db"});
  EXPECT_EQ(record.run.store, "understudy.db");
  EXPECT_FALSE(record.run.json);
  EXPECT_EQ(record.run.command, (Words{"npm", "test", "--", "--json", "run.db"}));
}

TEST(CommandLine, CommandsWithoutACommandRefuseTheDashes) {
  EXPECT_NE(refusal({"record", "--"}).find("COMMAND must follow"), std::string::npos);
  EXPECT_NE(refusal({"list", "run.db", "--", "ls"}).find("'list' runs no COMMAND"),
            std::string::npos);
}

TEST(CommandLine, ReplayTakesEveryOption) {
  const auto replay = parsed<ReplayArguments>({"replay",
                                               "run.db",
                                               "--recording",
                                               "nightly",
                                               "--timing",
                                               "0.5",
                                               "--after-last",
                                               "loop",
                                               "--on-miss",
                                               "error",
                                               "--handshake-timeout",
                                               "3s",
                                               "--fail-on",
                                               "all",
                                               "--report",
                                               "a.json",
                                               "--report",
                                               "b.xml",
                                               "--ui",
                                               "localhost:7071"});
  EXPECT_EQ(replay.run.store, "run.db");
  EXPECT_EQ(replay.recording, "nightly");
  EXPECT_EQ(replay.timing_factor, 0.5);
  EXPECT_EQ(replay.after_last, AfterLast::Loop);
  EXPECT_EQ(replay.handshake_timeout, std::chrono::seconds(3));
  EXPECT_TRUE(replay.fail_on.miss && replay.fail_on.unused && replay.fail_on.exhausted &&
              replay.fail_on.relaxed);
  EXPECT_EQ(replay.reports, (Words{"a.json", "b.xml"}));
  EXPECT_EQ(replay.run.ui.at, (Endpoint{"localhost", 7071}));
}

TEST(CommandLine, RecordTakesTheOptionsOfTheProxy) {
  const auto record = parsed<RecordArguments>(
      {"record", "--proxy", "3128", "--proxy-auth", "ada:password", "--no-proxy", "",
       "--connect-ports", "443,9000-9001", "--passthrough", "*.bank.example,h",
       "--passthrough-on-reject", "--upstream-proxy", "socks5://10.0.0.1:1080", "--", "npm"});
  const ProxyArguments& proxy = record.run.proxy;
  EXPECT_EQ(proxy.listen, (Endpoint{"localhost", 3128}));
  EXPECT_EQ(proxy.written_at, "--proxy 3128");
  EXPECT_EQ(proxy.user, "ada");
  EXPECT_EQ(proxy.password_file, "password");
  EXPECT_EQ(proxy.no_proxy, "");
  EXPECT_EQ(proxy.connect_ports, (std::vector<std::uint16_t>{443, 9000, 9001}));
  EXPECT_EQ(proxy.passthrough, (Words{"*.bank.example", "h"}));
  EXPECT_TRUE(proxy.passthrough_on_reject);
  ASSERT_TRUE(record.upstream_proxy);
  EXPECT_EQ(record.upstream_proxy->at, (Endpoint{"10.0.0.1", 1080}));
}

TEST(CommandLine, ReplayTakesThoseOfAProxyThatTunnelsNothing) {
  const auto replay = parsed<ReplayArguments>(
      {"replay", "a.db", "--proxy", "0.0.0.0:3128", "--proxy-auth", "ada:password"});
  EXPECT_EQ(replay.run.proxy.listen, (Endpoint{"0.0.0.0", 3128}));
  EXPECT_EQ(replay.run.proxy.user, "ada");
  EXPECT_FALSE(replay.run.proxy.no_proxy);
  EXPECT_NE(refusal({"replay", "a.db", "--passthrough", "h"}).find("--passthrough"),
            std::string::npos);
}

TEST(CommandLine, NoProxyIsForACommandThatIsTold) {
  EXPECT_NE(refusal({"record", "--proxy", "0", "--no-proxy", "h"}).find("is for a COMMAND"),
            std::string::npos);
  EXPECT_NE(
      refusal({"replay", "a.db", "--no-env", "--no-proxy", "h", "--", "npm"}).find("--no-env"),
      std::string::npos);
}

TEST(CommandLine, ReplayNeedsAStore) {
  EXPECT_NE(refusal({"replay"}).find("STORE is required"), std::string::npos);
}

TEST(CommandLine, BadValuesSayWhatIsAllowed) {
  EXPECT_NE(refusal({"record", "--overload", "wait"}).find("stall|drop"), std::string::npos);
  EXPECT_NE(refusal({"record", "--queue-mib", "0"}).find("from 1 to"), std::string::npos);
  EXPECT_NE(refusal({"record", "--reply-timeout", "soon"}).find("500ms"), std::string::npos);
  EXPECT_NE(refusal({"replay", "a.db", "--timing", "fast"}).find("factor"), std::string::npos);
  EXPECT_NE(refusal({"replay", "a.db", "--fail-on", "miss,odd"}).find("'odd'"), std::string::npos);
  EXPECT_NE(refusal({"replay", "a.db", "--report", "a.txt"}).find(".json"), std::string::npos);
  EXPECT_NE(refusal({"record", "--ui", "0.0.0.0:7070"}).find("other machines"), std::string::npos);
  EXPECT_NE(refusal({"record", "--proxy", "x"}).find("--proxy: 'x' is not [HOST:]PORT"),
            std::string::npos);
  EXPECT_NE(refusal({"record", "--proxy-auth", "x"}).find("USER:FILE"), std::string::npos);
  EXPECT_NE(refusal({"record", "--connect-ports", "x"}).find("443,8443"), std::string::npos);
  EXPECT_NE(refusal({"record", "--passthrough", "h:1"}).find("without ports"), std::string::npos);
  EXPECT_NE(refusal({"record", "--upstream-proxy", "h"}).find("http://"), std::string::npos);
  EXPECT_NE(refusal({"record", "--handshake-timeout", "0"}).find("10s"), std::string::npos);
  EXPECT_NE(refusal({"record", "--nonsense"}).find("see understudy record --help"),
            std::string::npos);
  EXPECT_NE(refusal({"show", "a.db", "1", "--raw", "--hex"}).find("--help"), std::string::npos);
}

TEST(CommandLine, LaterPartsAreNamedAsSuch) {
  for (const Words& words :
       {Words{"export", "a.db"}, Words{"check", "a.db"},
        Words{"replay", "a.db", "--on-miss", "record"}, Words{"record", "--ui-token", "auto"},
        Words{"record", "--ui-token=auto"}}) {
    EXPECT_NE(refusal(words).find("not part of this version"), std::string::npos) << words.back();
  }
}

TEST(CommandLine, WordsOfTheCommandAreNotOurs) {
  const auto record = parsed<RecordArguments>({"record", "--", "curl", "--proxy", "x"});
  EXPECT_EQ(record.run.command, (Words{"curl", "--proxy", "x"}));
}

TEST(CommandLine, ViewsTakeTheirWords) {
  EXPECT_EQ(parsed<ListArguments>({"list", "a.db", "nightly"}).recording, "nightly");
  const auto show = parsed<ShowArguments>({"show", "a.db", "nightly:s2", "--hex"});
  EXPECT_EQ(show.id, "nightly:s2");
  EXPECT_EQ(show.as, ShowArguments::As::Hex);
  EXPECT_EQ(parsed<SearchArguments>({"search", "a.db", "two words"}).query, "two words");
  EXPECT_EQ(parsed<RulesArguments>({"rules", "r.xml"}).config, "r.xml");
  EXPECT_EQ(parsed<UiArguments>({"ui", "a.db", "--listen", "0"}).listen.kind, UiChoice::Kind::At);
  EXPECT_TRUE(parsed<ReindexArguments>({"reindex", "a.db", "--json"}).json);
}

TEST(CommandLine, TheAuthoritysActionsTakeTheirOptions) {
  using Action = CaArguments::Action;
  using Format = CaArguments::Format;
  EXPECT_EQ(parsed<CaArguments>({"ca", "show"}).action, Action::Show);
  EXPECT_TRUE(parsed<CaArguments>({"ca", "show", "--json"}).json);
  EXPECT_EQ(parsed<CaArguments>({"ca", "path"}).action, Action::Path);
  const auto plain = parsed<CaArguments>({"ca", "export"});
  EXPECT_EQ(plain.action, Action::Export);
  EXPECT_EQ(plain.format, Format::Pem);
  EXPECT_TRUE(plain.output.empty());
  const auto packed = parsed<CaArguments>({"ca", "export", "--format", "p12", "-o", "a.p12"});
  EXPECT_EQ(packed.format, Format::Pkcs12);
  EXPECT_EQ(packed.output, "a.p12");
  EXPECT_EQ(parsed<CaArguments>({"ca", "export", "--format", "der"}).format, Format::Der);
  EXPECT_NE(refusal({"ca"}).find("see understudy ca --help"), std::string::npos);
  EXPECT_NE(refusal({"ca", "export", "--format", "jks"}).find("pem|der|p12"), std::string::npos);
}

TEST(CommandLine, HelpNamesTheCommandsOfThisVersionOnly) {
  const std::string help = text({"--help"});
  for (const char* command :
       {"record", "replay", "ui", "list", "show", "search", "reindex", "rules", "ca"}) {
    EXPECT_NE(help.find(std::string("\n  ") + command + " "), std::string::npos) << command;
  }
  for (const char* command : {"export", "import", "check", "diff", "match", "framing"}) {
    EXPECT_EQ(help.find(std::string("\n  ") + command + " "), std::string::npos) << command;
  }
  EXPECT_NE(help.find("Exit codes"), std::string::npos);
  EXPECT_EQ(text({}), help);
}

TEST(CommandLine, HelpOfACommandHasItsOptionsAndExamples) {
  const std::string help = text({"record", "--help"});
  EXPECT_NE(help.find("record [OPTIONS] [STORE] [-- COMMAND ARG...]"), std::string::npos) << help;
  EXPECT_NE(help.find("--forward LEFT=RIGHT"), std::string::npos) << help;
  EXPECT_NE(help.find("Examples:"), std::string::npos);
  EXPECT_NE(help.find("--proxy [HOST:]PORT"), std::string::npos);
}

TEST(CommandLine, VersionIsThatOfTheBuild) {
  EXPECT_TRUE(text({"--version"}).starts_with("understudy 0."));
}

}  // namespace
}  // namespace understudy
