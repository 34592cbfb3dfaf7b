#include "protocols/transport/certified_key.h"

#include "protocols/transport/certificate.h"

#include <openssl/x509.h>

namespace understudy {

const std::string& CertifiedKey::pem() const {
  std::call_once(pem_made_, [this] {
    pem_ = certificate_pem(certificate());
    for (int i = 0; i < sk_X509_num(chain()); ++i)
      pem_ += certificate_pem(sk_X509_value(chain(), i));
  });
  return pem_;
}

}  // namespace understudy
