// The certificate authority for TLS that ends here: a root of this user, and a leaf for every host
// that a client asks for. Safe from any thread.
//
//   root_files ── root ──┐
//   leaf_keys ── keys ───┼── certificate_maker ── leaf_cache ── SharedCertifiedKey
//   server_name ─ names ─┘
//
// A client that cannot check ECDSA signatures at all trusts no leaf of an ECDSA root: RSA leaves
// are for clients whose TLS offers RSA keys only.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/certificate.h"
#include "protocols/transport/certified_key.h"
#include "protocols/transport/leaf_cache.h"
#include "protocols/transport/leaf_keys.h"
#include "protocols/transport/root_files.h"
#include "protocols/transport/server_name.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace understudy {

/// Leaves that are kept. Names come from clients: without a bound they would fill the memory. One
/// takes some 4 KiB.
inline constexpr std::size_t kDefaultLeafCapacity = 4096;

/// Which key a leaf is for.
enum class LeafKind : std::uint8_t { Ecdsa, Rsa };

struct AuthorityOptions {
  std::size_t leaf_capacity = kDefaultLeafCapacity;
  /// Called from any thread.
  std::function<std::chrono::sys_seconds()> clock;  ///< empty = the system's
};

class CertAuthority {
 public:
  /// Opens the root in `directory`, an absolute path, or makes it. Errors: as open_root().
  [[nodiscard]] static Result<std::shared_ptr<CertAuthority>> open(const std::string& directory,
                                                                   AuthorityOptions options = {});

  /// A certificate for `names`, at least one and all of them (a client without SNI may have
  /// connected by name or by address). Signed at most once while it is kept, valid for at least a
  /// tenth of its time from now on. Takes < 1 ms; the first for RSA waits for its key, see
  /// prepare_rsa(). Errors: Environment (the root expired), Internal.
  [[nodiscard]] Result<SharedCertifiedKey> leaf(std::span<const ServerName> names, LeafKind kind);
  /// The same for one name.
  [[nodiscard]] Result<SharedCertifiedKey> leaf(const ServerName& name, LeafKind kind);

  /// Makes the RSA key in the background, some 0.3 s of one core, so that no client waits for it.
  /// The destructor ends that early.
  void prepare_rsa() { keys_->prepare_rsa(); }

  [[nodiscard]] const RootPaths& paths() const { return paths_; }
  /// Borrowed.
  [[nodiscard]] X509* root() const { return root_.certificate.get(); }
  [[nodiscard]] std::string root_pem() const { return certificate_pem(root()); }
  [[nodiscard]] const CertificateFacts& root_facts() const { return root_facts_; }

  /// Leaves signed since the start, and kept now.
  [[nodiscard]] std::size_t signed_leaves() const { return signed_leaves_; }
  [[nodiscard]] std::size_t kept_leaves() const { return leaves_.size(); }

 private:
  CertAuthority(RootPaths paths, RootPair root, std::unique_ptr<LeafKeys> keys,
                AuthorityOptions options);
  Result<FreshLeaf> sign(std::span<const ServerName> names, LeafKind kind,
                         std::chrono::sys_seconds now);

  // Constant after construction.
  RootPaths paths_;
  RootPair root_;
  CertificateFacts root_facts_;
  std::function<std::chrono::sys_seconds()> clock_;
  // Each with locks of its own.
  std::unique_ptr<LeafKeys> keys_;
  LeafCache leaves_;
  std::atomic<std::size_t> signed_leaves_ = 0;
};

}  // namespace understudy
