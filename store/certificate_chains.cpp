#include "store/certificate_chains.h"

#include <bit>
#include <utility>

namespace understudy {
namespace {

/// Chains remembered: some thousand hosts of a test system. Peers choose theirs, so there is a
/// bound; beyond it all are forgotten, and a chain costs a look into the index once more.
constexpr std::size_t kMaxKnownBytes = std::size_t{4} * 1024 * 1024;

/// The id in the row that a statement gives for a chain; 0: no row.
Result<std::int64_t> id_from(Statement& statement, std::string_view pem) {
  statement.bind(1, chain_hash(pem));
  statement.bind_text(2, pem);
  const auto row = statement.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return 0;
  const std::int64_t id = statement.integer(0);
  statement.reset();
  return id;
}

}  // namespace

std::int64_t chain_hash(std::string_view pem) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char octet : pem) {
    hash ^= static_cast<unsigned char>(octet);
    hash *= 0x100000001b3;
  }
  return std::bit_cast<std::int64_t>(hash);
}

Result<CertificateChains> CertificateChains::prepare(Database& database) {
  CertificateChains chains;
  auto find = database.prepare("SELECT id FROM certificate_chain WHERE hash = ?1 AND pem = ?2");
  if (!find) return std::unexpected(std::move(find.error()));
  auto add =
      database.prepare("INSERT INTO certificate_chain (hash, pem) VALUES (?1, ?2) RETURNING id");
  if (!add) return std::unexpected(std::move(add.error()));
  chains.find_ = std::move(*find);
  chains.add_ = std::move(*add);
  return chains;
}

Result<std::int64_t> CertificateChains::id_of(const std::string& pem) {
  if (pem.empty()) return 0;
  if (const auto known = known_.find(pem); known != known_.end()) return known->second;
  const auto id = find_or_add(pem);
  if (!id) return id;
  if (known_bytes_ + pem.size() > kMaxKnownBytes) {
    known_.clear();
    known_bytes_ = 0;
  }
  known_.emplace(pem, *id);
  known_bytes_ += pem.size();
  return id;
}

Result<std::int64_t> CertificateChains::find_or_add(const std::string& pem) {
  auto id = id_from(find_, pem);
  return id && *id == 0 ? id_from(add_, pem) : id;
}

}  // namespace understudy
