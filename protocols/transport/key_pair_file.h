// A certificate of the user's own with its private key, from files. Blocking; for start-up
// and reloads.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/certified_key.h"

#include <chrono>
#include <string>
#include <vector>

namespace understudy {

struct LoadedPair {
  SharedCertifiedKey pair;
  std::string file;                   ///< of the certificate
  std::vector<std::string> hosts;     ///< certificate_hosts()
  std::vector<std::string> warnings;  ///< "FILE: expired on …": used all the same
};

/// The warnings, and one more where the certificate names no host and so can be no server's.
[[nodiscard]] std::vector<std::string> server_warnings(const LoadedPair& loaded);

/// Reads PEM (the server's certificate first, then its chain) or PKCS#12 from `certificate`, and
/// the key in PEM from `key`; an empty `key` means that the first file holds it too. `now` is for
/// warnings. Errors: Config, naming the file at fault (cannot be read, neither PEM nor PKCS#12,
/// protected by a password, key and certificate do not belong together).
[[nodiscard]] Result<LoadedPair> load_key_pair(const std::string& certificate,
                                               const std::string& key,
                                               std::chrono::sys_seconds now);

/// A file with a key or a chain is some kilobytes; this is ample.
inline constexpr std::size_t kMaxPairFile = std::size_t{1} << 20;

/// Puts a pair together from what files held: the server's certificate first, then its chain.
/// `file` is where it was. The key must fit.
[[nodiscard]] LoadedPair make_pair_of(std::vector<X509Ptr> certificates, EvpKeyPtr key,
                                      const std::string& where, std::chrono::sys_seconds now);

/// Content of a PKCS#12 file (RFC 7292) that has no password, or an empty one. Errors: Config at
/// `where`.
[[nodiscard]] Result<LoadedPair> read_pkcs12_pair(const std::string& content,
                                                  const std::string& where,
                                                  std::chrono::sys_seconds now);

/// The content begins as DER, that is as PKCS#12, and is no PEM.
[[nodiscard]] bool looks_like_der(const std::string& content);

}  // namespace understudy
