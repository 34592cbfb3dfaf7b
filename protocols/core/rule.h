// A forward rule: listen here, speak this, upstream there. A plain value, copied freely.
#pragma once

#include <cstdint>
#include <optional>
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

/// What a rule says about TLS, on whichever side has it. Files are read when the rule starts.
struct TlsSettings {
  // Towards clients, where we are the server.
  /// Our own certificate, PEM (chain allowed), or a directory of pairs of which the one that covers
  /// the name is served; empty = made by our authority.
  std::string certificate;
  std::string key;               ///< PEM; empty = in the same file
  bool ask_certificate = false;  ///< clients are asked for one, which is recorded, never judged

  // Towards the upstream, where we are the client.
  bool verify = true;              ///< the chain, and that it is for the name
  std::string ca_file;             ///< PEM, trusted besides the system's store; empty = none
  std::string client_certificate;  ///< PEM or PKCS#12; empty = none
  std::string client_key;          ///< PEM; empty = in the same file

  // Both.
  std::string min_version;  ///< "1.0", "1.1", "1.2", "1.3"; empty = 1.2
  std::string ciphers;      ///< OpenSSL's list for TLS 1.2 and below; empty = ours

  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

/// What makes a rule a forward proxy: its destinations come from the requests.
struct ProxySettings {
  bool refuse_connect = false;  ///< CONNECT gets 405, SOCKS is refused (disableConnectForwarding)
  /// Ports that tunnels may lead to; empty = any on a loopback listener, else 443 and 8443.
  std::vector<std::uint16_t> connect_ports;
  /// Hosts whose tunnels are passed on blind: "api.example.com", "*.example.com" (that domain and
  /// all below it), "*".
  std::vector<std::string> passthrough;
  /// A host whose client rejected our certificate is passed on blind from then on.
  bool passthrough_on_reject = false;
  /// The vendor's hosts-file trick: requests in origin form go where their Host says.
  bool by_host = false;
  /// "user:password" that clients must give; empty = none asked. Never stored.
  std::string credentials;

  friend bool operator==(const ProxySettings&, const ProxySettings&) = default;
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
  bool client_tls = false;    ///< what client_scheme says of TLS
  bool upstream_tls = false;  ///< what upstream_scheme says of TLS
  TlsSettings tls;
  /// Connections were redirected here by the kernel: `upstream` is where each was going.
  bool transparent = false;
  /// This is a forward proxy: `upstream` is empty.
  std::optional<ProxySettings> proxy;
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
  bool is_proxy = false;   ///< the forward proxy itself
};

}  // namespace understudy
