#include "protocols/transport/ssl_place.h"

namespace understudy {

const SslPlace<std::string>& refusal_place() {
  static const SslPlace<std::string> place;
  return place;
}

const SslPlace<SharedCertifiedKey>& shown_place() {
  static const SslPlace<SharedCertifiedKey> place;
  return place;
}

}  // namespace understudy
