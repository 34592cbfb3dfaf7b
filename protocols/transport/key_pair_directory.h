// A directory of the user's own server certificates: the one that names the wanted host is
// presented instead of a generated one. Immutable once loaded; safe from any thread.
//
// Read are its files *.pem, *.crt, *.cer, *.key, *.p12 and *.pfx, not its subdirectories. Which key
// belongs to which certificate is told by the keys themselves, so any naming will do: both in one
// file, "host.crt" with "host.key", "host.pem" with "host-key.pem". Of several pairs for one host
// the first in the order of file names is taken. Certificates of authorities may lie beside them.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/key_pair_file.h"
#include "protocols/transport/server_name.h"

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy {

class KeyPairDirectory {
 public:
  /// Blocking. Errors: Config, naming the file at fault (the directory or a file cannot be read, as
  /// load_key_pair(), a certificate without its key, a key without its certificate, no pair at all,
  /// more than 4,096 files).
  [[nodiscard]] static Result<KeyPairDirectory> load(const std::string& path,
                                                     std::chrono::sys_seconds now);

  /// The pair whose certificate names `name` exactly, else the one with "*." in place of its first
  /// label, else nothing.
  [[nodiscard]] SharedCertifiedKey find(const ServerName& name) const;

  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void add(const LoadedPair& loaded);

  std::unordered_map<std::string, SharedCertifiedKey> pairs_;  ///< by ServerName::text()
  std::vector<std::string> warnings_;
};

}  // namespace understudy
