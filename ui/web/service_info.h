// What the local API and the status page tell: a snapshot that the command line hands over. The
// web server knows neither recorder nor replayer.
#pragma once

#include "protocols/core/rule.h"
#include "protocols/core/time.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

struct ServedRule {
  ListeningRule listening;
  /// "http://api.example.com:80"; empty = none (replay), or as clients want (a forward proxy).
  std::string upstream;
};

/// A number with its name, in the order in which they are shown: {"exchanges", 12}.
using Counter = std::pair<std::string, std::uint64_t>;

/// The certificate authority whose certificates are served; both empty = no TLS is.
struct ServedAuthority {
  std::string path;  ///< of its certificate
  std::string pem;   ///< the certificate itself
};

struct ServiceInfo {
  std::string command;    ///< "record", "replay", "ui"
  std::string store;      ///< path as the user gave it
  std::string recording;  ///< name; empty = none
  std::string problem;    ///< why recording has stopped; empty = it has not
  Timestamp started_at{};
  std::vector<ServedRule> rules;
  ServedAuthority authority;
  std::vector<Counter> counters;
};

/// Asked for each page; called on the web server's thread, must be quick and must not block.
using InfoSource = std::function<ServiceInfo()>;

}  // namespace understudy
