// Which recorded session each live connection of a stream service takes.
//
// Until a client has said something, its connection only pencils a session in (for the banner);
// saying something that fits claims one, so that a client that connects ahead of time and waits, or
// a port probe, does not take the session of another. One mutex, held for one search only, never
// across a wait. All functions from any thread.
#pragma once

#include "replayer/replayer.h"
#include "replayer/stream_script.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace understudy {

class ScriptPool {
 public:
  /// Sessions in recorded order.
  ScriptPool(std::vector<StreamScript> scripts, AfterLast after_last);

  struct Pick {
    std::size_t script = 0;  ///< position in scripts()
    bool again = false;      ///< it was claimed before: AfterLast chose it
  };
  using Fits = std::function<bool(const StreamScript&)>;

  /// The next session for a connection that has said nothing. Nothing: all are used up, under
  /// AfterLast::Miss.
  [[nodiscard]] std::optional<Pick> pencil();
  void erase(std::size_t script);
  /// The next session in recorded order that fits; `pencilled` (if any) is preferred when it fits
  /// and is free, and erased when a session is found. Nothing: none fits, or those that do are used
  /// up.
  [[nodiscard]] std::optional<Pick> claim(const Fits& fits, std::optional<std::size_t> pencilled);
  /// Gives a claim back: the connection went on as another session.
  void unclaim(std::size_t script);

  /// The exchange of a turn was used, or (-1) turned out to be another's.
  void use(std::size_t script, std::size_t turn, int times = 1);
  /// [script, turn] that answered nothing.
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> unused() const;

  [[nodiscard]] const std::vector<StreamScript>& scripts() const { return scripts_; }

 private:
  struct Use {
    std::uint32_t claims = 0;
    std::uint32_t pencilled = 0;
    std::vector<std::int32_t> turns;
  };
  [[nodiscard]] std::optional<std::size_t> after_last(const Fits& fits) const;

  const std::vector<StreamScript> scripts_;
  const AfterLast after_last_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<Use> uses_;
  std::size_t first_free_ = 0;  ///< no session before it is unclaimed: searches start here
};

}  // namespace understudy
