// The writer's way to certificate_chain: texts of several KiB, the same ones at nearly every
// handshake, each in the store once. Belongs to the writer's thread.
#pragma once

#include "protocols/core/error.h"
#include "store/sqlite.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace understudy {

/// What certificate_chain.hash holds: FNV-1a of 64 bits.
[[nodiscard]] std::int64_t chain_hash(std::string_view pem);

class CertificateChains {
 public:
  CertificateChains() = default;
  [[nodiscard]] static Result<CertificateChains> prepare(Database& database);

  /// The row id of a chain, which is added where it is new; 0 for an empty text. An id is only good
  /// if the caller's transaction commits; a writer whose transaction failed asks for no more.
  [[nodiscard]] Result<std::int64_t> id_of(const std::string& pem);

 private:
  Result<std::int64_t> find_or_add(const std::string& pem);

  Statement find_, add_;
  std::unordered_map<std::string, std::int64_t> known_;  ///< of this run
  std::size_t known_bytes_ = 0;
};

}  // namespace understudy
