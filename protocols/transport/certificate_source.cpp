#include "protocols/transport/certificate_source.h"

#include <utility>

namespace understudy {

namespace {

class Leaves : public CertificateSource {
 public:
  explicit Leaves(std::shared_ptr<CertAuthority> authority) : authority_(std::move(authority)) {}

  [[nodiscard]] Result<SharedCertifiedKey> find(std::span<const ServerName> names,
                                                LeafKind kind) const override {
    return authority_->leaf(names, kind);
  }

 private:
  std::shared_ptr<CertAuthority> authority_;
};

class Always : public CertificateSource {
 public:
  explicit Always(SharedCertifiedKey pair) : pair_(std::move(pair)) {}

  [[nodiscard]] Result<SharedCertifiedKey> find(std::span<const ServerName> /*names*/,
                                                LeafKind /*kind*/) const override {
    return pair_;
  }
  [[nodiscard]] bool goes_by_name() const override { return false; }

 private:
  SharedCertifiedKey pair_;
};

class OwnOrLeaf : public CertificateSource {
 public:
  OwnOrLeaf(KeyPairDirectory directory, std::shared_ptr<CertAuthority> authority)
      : directory_(std::move(directory)), leaves_(std::move(authority)) {}

  [[nodiscard]] Result<SharedCertifiedKey> find(std::span<const ServerName> names,
                                                LeafKind kind) const override {
    for (const ServerName& name : names) {
      if (SharedCertifiedKey own = directory_.find(name)) return own;
    }
    return leaves_.find(names, kind);
  }

 private:
  KeyPairDirectory directory_;
  Leaves leaves_;
};

}  // namespace

SharedCertificateSource leaves_of(std::shared_ptr<CertAuthority> authority) {
  return std::make_shared<Leaves>(std::move(authority));
}

SharedCertificateSource always(SharedCertifiedKey pair) {
  return std::make_shared<Always>(std::move(pair));
}

SharedCertificateSource own_or_leaf(KeyPairDirectory directory,
                                    std::shared_ptr<CertAuthority> authority) {
  return std::make_shared<OwnOrLeaf>(std::move(directory), std::move(authority));
}

}  // namespace understudy
