// The private keys of all leaves of this process, one of each kind: a key per host would cost its
// making (RSA: 0.3 s) and protect nothing more, since they lie in the same memory. Safe from any
// thread.
#pragma once

#include "protocols/core/error.h"
#include "protocols/transport/openssl_ptr.h"

#include <future>
#include <memory>
#include <mutex>
#include <thread>

namespace understudy {

class LeafKeys {
 public:
  /// Makes the ECDSA key. Errors: Internal.
  [[nodiscard]] static Result<std::unique_ptr<LeafKeys>> make();

  /// Borrowed.
  [[nodiscard]] EVP_PKEY* ecdsa() const { return ecdsa_.get(); }

  /// Starts to make the RSA key on a thread of its own, the first time. Does not wait.
  void prepare_rsa();
  /// The RSA key, borrowed; waits until it is made. Errors: Internal.
  [[nodiscard]] Result<EVP_PKEY*> rsa();

 private:
  explicit LeafKeys(EvpKeyPtr ecdsa);

  EvpKeyPtr ecdsa_;
  std::once_flag rsa_started_;
  std::promise<Result<EvpKeyPtr>> rsa_promise_;
  std::shared_future<Result<EvpKeyPtr>> rsa_;
  std::jthread rsa_maker_;  ///< last: it stops and ends before what it writes to
};

}  // namespace understudy
