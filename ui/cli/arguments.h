// What the command line said, one struct per command. Plain values; defaults are the documented
// ones.
#pragma once

#include "protocols/core/rule.h"
#include "protocols/transport/upstream_proxy.h"
#include "recorder/recorder.h"
#include "replayer/replayer.h"
#include "replayer/report.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace understudy {

/// The store when the command line names none.
inline constexpr const char* kDefaultStore = "understudy.db";

/// `--ui`.
struct UiChoice {
  enum class Kind : std::uint8_t {
    Default,  ///< nothing said: 127.0.0.1:7070 or any free port; off beside a COMMAND
    Off,
    At,  ///< exactly there
  };
  Kind kind = Kind::Default;
  Endpoint at;  ///< a loopback address; port 0 = any free one
};

/// What the command line says of forward proxies: of the one that it asks for, and of all those of
/// the run.
struct ProxyArguments {
  /// `--proxy`, where to listen; nothing = none is asked for.
  std::optional<Endpoint> listen;
  std::string written_at;  ///< "--proxy 3128"

  /// `--no-proxy`, as the COMMAND sees it; nothing = not said.
  std::optional<std::string> no_proxy;
  /// `--proxy-auth USER:FILE`; empty = nobody is asked for a password.
  std::string user, password_file;
  std::vector<std::string> passthrough;      ///< hosts, in addition to the configuration's
  bool passthrough_on_reject = false;        ///< also where the configuration does not say so
  std::vector<std::uint16_t> connect_ports;  ///< empty = as the configuration says
};

/// What `record` and `replay` have in common.
struct RunArguments {
  std::string store = kDefaultStore;
  std::string config;                 ///< registration.xml; empty = none
  std::vector<std::string> forwards;  ///< LEFT=RIGHT, in the order given
  ProxyArguments proxy;
  UiChoice ui;
  std::string ready_file;            ///< empty = none
  bool set_environment = true;       ///< the COMMAND is told where we are and whom to trust
  std::vector<std::string> command;  ///< empty = run until a signal
  std::size_t workers = 0;           ///< 0 = one per core, at most kMaxDefaultWorkers
  std::size_t max_connections = 0;   ///< 0 = from the descriptor limit
  std::string log_level;             ///< empty = the configuration's, else "info"
  bool json = false;
};

struct RecordArguments {
  RunArguments run;
  std::string name;  ///< of the recording; empty = the UTC time
  std::size_t queue_mib = 12;
  Overload overload = Overload::Stall;
  bool stop_on_store_error = false;
  RelayLimits limits;
  std::optional<UpstreamProxy> upstream_proxy;  ///< nothing = upstreams are reached directly
};

struct ReplayArguments {
  RunArguments run;
  std::string recording;     ///< empty = the latest
  double timing_factor = 0;  ///< as ReplayOptions
  AfterLast after_last = AfterLast::Stick;
  FailOn fail_on;
  std::chrono::milliseconds handshake_timeout = ReplayOptions().handshake_timeout;
  std::vector<std::string> reports;  ///< files; ".json" or ".xml"
};

struct ListArguments {
  std::string store;
  std::string recording;  ///< empty = list the recordings
  bool json = false;
};

struct ShowArguments {
  enum class As : std::uint8_t { Text, Raw, Json, Hex };
  std::string store;
  std::string id;  ///< exchange_id.h
  As as = As::Text;
};

struct SearchArguments {
  std::string store;
  std::string query;
  bool json = false;
};

struct ReindexArguments {
  std::string store;
  bool json = false;
};

struct RulesArguments {
  std::string config;
  std::vector<std::string> forwards;
  bool json = false;
};

struct UiArguments {
  std::string store;
  UiChoice listen;
  std::string log_level;
};

struct CaArguments {
  enum class Action : std::uint8_t { Show, Export, Path };
  enum class Format : std::uint8_t { Pem, Der, Pkcs12 };
  Action action = Action::Show;
  Format format = Format::Pem;
  std::string output;  ///< file; empty = standard output
  bool json = false;
};

/// `--help` and `--version`: printed to standard output, exit 0.
struct TextToPrint {
  std::string text;
};

using CommandLine =
    std::variant<TextToPrint, RecordArguments, ReplayArguments, UiArguments, ListArguments,
                 ShowArguments, SearchArguments, ReindexArguments, RulesArguments, CaArguments>;

}  // namespace understudy
