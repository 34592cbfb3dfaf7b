// Errors that a peer, the environment or a user can cause. They are values; nothing on the data
// path throws. Mistakes of our own are asserts.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace understudy {

/// Who caused an error: the first thing that anybody asks.
enum class ErrorSource : std::uint8_t {
  Client,       ///< the application under test
  Upstream,     ///< the real system behind a rule
  Store,        ///< the SQLite file
  Config,       ///< command line or configuration file
  Environment,  ///< this machine: a port taken, a privilege missing
  Internal,     ///< us
};

[[nodiscard]] std::string_view to_string(ErrorSource source);

struct Error {
  ErrorSource source = ErrorSource::Internal;
  /// Where: a file with its line, a rule, a peer's address. May be empty.
  std::string where;
  /// What happened and what was expected, one sentence without a final stop.
  std::string what;

  Error(ErrorSource who, std::string place, std::string message)
      : source(who), where(std::move(place)), what(std::move(message)) {}
};

/// "where: what", or "what" alone where the place is not known.
[[nodiscard]] std::string describe(const Error& error);

template <class T>
using Result = std::expected<T, Error>;

}  // namespace understudy
