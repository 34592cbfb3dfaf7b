// A forward rule: listen here, speak this, upstream there. A plain value, copied freely.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

/// A place to listen at or to connect to.
struct Endpoint {
  /// Listening: empty, "0.0.0.0" or "::" = all adapters; "localhost" = both loopbacks; else an IP
  /// address of this machine. Connecting: a host name or an IP address (IPv6 without brackets).
  std::string host;
  /// 0 when listening = any free port.
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "host:port"; an IPv6 address is bracketed, an empty host left empty.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// What must not reach the disk (contract: Recording). Empty lists redact nothing.
struct RedactRules {
  std::vector<std::string> headers;  ///< header names, any case
  std::vector<std::string>
      json_pointers;  ///< RFC 6901 pointers into JSON bodies; '*' = any index or name
  std::vector<std::string>
      patterns;  ///< RE2; where it has a group, group 1 is the secret, else the match
  [[nodiscard]] bool empty() const {
    return headers.empty() && json_pointers.empty() && patterns.empty();
  }
  friend bool operator==(const RedactRules&, const RedactRules&) = default;
};

struct ForwardRule {
  std::string name;      ///< unique within a configuration; never empty once loaded
  std::string protocol;  ///< name in the registry of the codec that reads it: "http", "raw"
  std::string
      client_scheme;  ///< what the client speaks, as the user wrote it: "http", "tcp", "mqtt"
  std::string
      upstream_scheme;  ///< what the upstream speaks; equals client_scheme unless told otherwise
  Endpoint listen;
  Endpoint upstream;
  /// Put before every request target (HTTP): "" or "/base", never with a final slash.
  std::string path_prefix;
  bool preserve_host = false;
  RedactRules redact;
  /// Where the rule was written, for messages: "registration.xml:12" or "--forward …".
  std::string written_at;
};

/// A rule that listens, as the ready file, the status page and the logs name it.
struct ListeningRule {
  std::string name;
  std::string scheme;   ///< client_scheme of the rule
  std::string address;  ///< "127.0.0.1:8080": a client on this machine connects there as it stands
  bool is_public = false;  ///< others than this machine can connect
};

}  // namespace understudy
