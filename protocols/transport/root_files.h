// The root of the local authority on disk: made on first use, then always the same.
//
//   DIRECTORY           0700, made when it is missing
//     ca-key.pem        0600: private key (PKCS#8) and certificate, both in PEM; the truth
//     ca.pem            0644: the certificate alone, to be handed to clients; written from the
//     truth
//                       whenever it is missing
//
// Key and certificate lie in one file so that they come into being in one step: it is written
// beside its place and linked there, which the first of several processes wins and the others read.
//
// A key file that others may read is refused, not repaired: the key may have been copied already,
// and whoever has it can read the traffic of everyone who trusts this root. Its user has to decide.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"

#include <chrono>
#include <string>

namespace understudy {

struct RootPaths {
  std::string directory, certificate, key;
  explicit RootPaths(const std::string& directory);
};

struct RootPair {
  X509Ptr certificate;
  EvpKeyPtr key;
};

/// $XDG_DATA_HOME/understudy/ca, or ~/.local/share/understudy/ca where that is unset or relative.
/// Reads the environment. Errors: Environment (no home directory is known).
[[nodiscard]] Result<std::string> default_root_directory();

/// Reads the root, or makes it: ECDSA P-256, ten years from `now`. Errors: Environment, naming the
/// path and what to do (cannot be written, others can read the key, damaged, key and certificate do
/// not belong together, expired). Safe from several threads and processes at once.
[[nodiscard]] Result<RootPair> open_root(const RootPaths& paths, std::chrono::sys_seconds now);

}  // namespace understudy
