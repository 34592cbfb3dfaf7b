#include "protocols/transport/leaf_keys.h"

#include "protocols/transport/private_key.h"

#include <utility>

namespace understudy {

LeafKeys::LeafKeys(EvpKeyPtr ecdsa)
    : ecdsa_(std::move(ecdsa)), rsa_(rsa_promise_.get_future().share()) {}

Result<std::unique_ptr<LeafKeys>> LeafKeys::make() {
  Result<EvpKeyPtr> key = make_ecdsa_key();
  if (!key) return std::unexpected(key.error());
  return std::unique_ptr<LeafKeys>(new LeafKeys(std::move(*key)));
}

void LeafKeys::prepare_rsa() {
  std::call_once(rsa_started_, [this] {
    rsa_maker_ = std::jthread(
        [this](const std::stop_token& stop) { rsa_promise_.set_value(make_rsa_key(stop)); });
  });
}

Result<EVP_PKEY*> LeafKeys::rsa() {
  prepare_rsa();
  const Result<EvpKeyPtr>& key = rsa_.get();
  if (!key) return std::unexpected(key.error());
  return key->get();
}

}  // namespace understudy
