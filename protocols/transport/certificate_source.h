// Where the certificates of a TLS server come from: made by the authority for each name, the user's
// own for all names, or the user's own for some. Immutable; safe from any thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/cert_authority.h"
#include "protocols/transport/key_pair_directory.h"

#include <memory>
#include <span>

namespace understudy {

class CertificateSource {
 public:
  virtual ~CertificateSource() = default;

  /// The certificate for `names`: the one that the client asked for, or all that is known of where
  /// it connected to. Quick: event loops call it. Errors: why there is none.
  [[nodiscard]] virtual Result<SharedCertifiedKey> find(std::span<const ServerName> names,
                                                        LeafKind kind) const = 0;
  /// False: names do not matter, `names` may be empty.
  [[nodiscard]] virtual bool goes_by_name() const { return true; }
};

using SharedCertificateSource = std::shared_ptr<const CertificateSource>;

/// Leaves of `authority`, made when they are asked for.
[[nodiscard]] SharedCertificateSource leaves_of(std::shared_ptr<CertAuthority> authority);

/// `pair`, whoever asks.
[[nodiscard]] SharedCertificateSource always(SharedCertifiedKey pair);

/// The pair of `directory` that covers the first of the names for which there is one, else a leaf.
[[nodiscard]] SharedCertificateSource own_or_leaf(KeyPairDirectory directory,
                                                  std::shared_ptr<CertAuthority> authority);

}  // namespace understudy
