// What a rule, or the program's start, says about TLS on one side. Plain values.
#pragma once

#include <string>
#include <vector>

namespace understudy {

/// Both sides.
struct TlsBasics {
  /// Lowest version: "1.0", "1.1", "1.2", "1.3"; empty = 1.2. Below 1.2 OpenSSL's security level is
  /// lowered to 0, or it would refuse the old digests.
  std::string min_version;
  /// OpenSSL's cipher list for TLS 1.2 and below; empty = ours.
  std::string ciphers;
};

/// As a client of an upstream.
struct TlsClientOptions {
  TlsBasics basics;
  bool verify = true;       ///< the chain, and that it is for the name
  std::string ca_file;      ///< PEM, trusted besides the system's store; empty = none
  std::string certificate;  ///< our own: PEM (chain allowed) or PKCS#12; empty = none
  std::string key;          ///< PEM; empty = in the same file as the certificate
};

/// As a server.
struct TlsServerOptions {
  TlsBasics basics;
  /// What can be spoken inside, best first: "h2", "http/1.1". The first that the client offers too
  /// is agreed on, or none. Empty = anything: "http/1.1" of a client that offers it, whatever else
  /// it likes better, since the upstream is not known to speak that; else what it likes best.
  std::vector<std::string> alpn;
  /// Clients are asked for a certificate, which is recorded and not judged.
  bool ask_client_certificate = false;
};

}  // namespace understudy
