#include "protocols/transport/keyed_hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <utility>

namespace understudy {

Bytes keyed_hash(ByteView key, ByteView text) {
  Bytes digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  digest.resize(size);
  return digest;
}

std::function<Bytes(ByteView)> keyed_hash_with(Bytes key) {
  return [key = std::move(key)](ByteView text) { return keyed_hash(key, text); };
}

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    // The kernel's source cannot fail once seeded; going on with zeros would make secrets
    // guessable.
    std::abort();
  }
  return bytes;
}

}  // namespace understudy
