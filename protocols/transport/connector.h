// Connecting to an upstream: name resolution, every address in turn, one deadline over all.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "protocols/core/time.h"
#include "protocols/transport/stream.h"
#include "protocols/transport/upstream_proxy.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace understudy {

/// What an attempt came to, with the times that belong to an exchange's timing.
struct ConnectOutcome {
  std::optional<Stream> stream;  ///< nothing = failed, and `error` says why
  Error error{ErrorSource::Upstream, "", ""};
  bool timed_out = false;
  bool loop = false;    ///< for the caller to set: it reached itself
  std::string address;  ///< the address that answered
  Duration resolve{0}, connect{0};

  ConnectOutcome() = default;
};

/// Lets the owner of an attempt give it up early. Same thread as the attempt; outlives it.
class ConnectCancel {
 public:
  void cancel() {
    cancelled_ = true;
    if (abort_) abort_();
  }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  /// What cancel() does at this moment of the attempt; empty = only remember.
  void set_abort(std::function<void()> abort) { abort_ = std::move(abort); }

 private:
  std::function<void()> abort_;
  bool cancelled_ = false;
};

/// Connects within `timeout`. A name with several addresses: each gets a short while first
/// (kFirstTry), so that a dead address family costs little, then each the time that is left. Runs
/// on `executor`, where the stream then lives. Never throws; after cancel() it ends without a
/// stream.
///
/// `via`, which outlives the attempt: through that proxy, unless goes_direct(); null = there is
/// none. The outcome's address and `resolve` are then the proxy's, `connect` includes the tunnel,
/// and errors name both.
[[nodiscard]] Task<ConnectOutcome> connect_to(Executor executor, Endpoint destination,
                                              std::chrono::milliseconds timeout,
                                              ConnectCancel& cancel,
                                              const UpstreamProxy* via = nullptr);

/// Recommended connection attempt delay (RFC 8305 §5: 250 ms).
inline constexpr std::chrono::milliseconds kFirstTry{250};

}  // namespace understudy
