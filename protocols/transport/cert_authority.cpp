#include "protocols/transport/cert_authority.h"

#include "protocols/transport/certificate_maker.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr days kBackdated{2};  // clients whose clocks are behind
/// Clients refuse server certificates of more than 398 days; the CA/Browser Forum counts both ends,
/// hence a second less.
constexpr seconds kLeafLife = days{397} - seconds{1};

std::chrono::sys_seconds system_now() {
  return std::chrono::time_point_cast<seconds>(std::chrono::system_clock::now());
}

/// Under what a leaf is kept. No name has a blank.
std::string cache_key(std::span<const ServerName> names, LeafKind kind) {
  std::string key = kind == LeafKind::Rsa ? "rsa" : "ecdsa";
  for (const ServerName& name : names)
    key += " " + name.text();
  return key;
}

}  // namespace

CertAuthority::CertAuthority(RootPaths paths, RootPair root, std::unique_ptr<LeafKeys> keys,
                             AuthorityOptions options)
    : paths_(std::move(paths)),
      root_(std::move(root)),
      root_facts_(certificate_facts(root_.certificate.get())),
      clock_(std::move(options.clock)),
      keys_(std::move(keys)),
      leaves_(options.leaf_capacity) {}

Result<std::shared_ptr<CertAuthority>> CertAuthority::open(const std::string& directory,
                                                           AuthorityOptions options) {
  if (!options.clock) options.clock = system_now;
  RootPaths paths(directory);
  Result<RootPair> root = open_root(paths, options.clock());
  if (!root) return std::unexpected(root.error());
  Result<std::unique_ptr<LeafKeys>> keys = LeafKeys::make();
  if (!keys) return std::unexpected(keys.error());
  return std::shared_ptr<CertAuthority>(
      new CertAuthority(std::move(paths), std::move(*root), std::move(*keys), std::move(options)));
}

Result<SharedCertifiedKey> CertAuthority::leaf(const ServerName& name, LeafKind kind) {
  return leaf(std::span(&name, 1), kind);
}

Result<SharedCertifiedKey> CertAuthority::leaf(std::span<const ServerName> names, LeafKind kind) {
  const std::chrono::sys_seconds now = clock_();
  return leaves_.get(cache_key(names, kind), now, [&] { return sign(names, kind, now); });
}

Result<FreshLeaf> CertAuthority::sign(std::span<const ServerName> names, LeafKind kind,
                                      std::chrono::sys_seconds now) {
  if (root_facts_.not_after <= now) {
    return std::unexpected(
        Error(ErrorSource::Environment, paths_.certificate,
              fmt::format("this authority expired on {}; delete {} and {} and start again",
                          validity_text(root_facts_.not_after), paths_.key, paths_.certificate)));
  }
  EVP_PKEY* key = keys_->ecdsa();
  if (kind == LeafKind::Rsa) {
    const Result<EVP_PKEY*> rsa = keys_->rsa();
    if (!rsa) return std::unexpected(rsa.error());
    key = *rsa;
  }
  const Validity validity{now - kBackdated,
                          std::min(now - kBackdated + kLeafLife, root_facts_.not_after)};
  Result<X509Ptr> made =
      make_leaf({root_.certificate.get(), root_.key.get()}, key, names, validity);
  if (!made) return std::unexpected(made.error());
  ++signed_leaves_;
  // No chain: the only certificate above a leaf is the root, which a client has or distrusts.
  auto leaf = std::make_shared<const CertifiedKey>(std::move(*made), share(key),
                                                   X509StackPtr(sk_X509_new_null()));
  return FreshLeaf{std::move(leaf), now + (validity.not_after - now) * 9 / 10};
}

}  // namespace understudy
