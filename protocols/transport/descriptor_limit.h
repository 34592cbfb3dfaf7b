// How many files and sockets this process may hold.
#pragma once

#include <cstdint>

namespace understudy {

/// Raises the soft limit to the hard one and returns what now holds.
std::uint64_t raise_descriptor_limit();

/// Descriptors that are not for connections: store, listeners, logs, the UI.
inline constexpr std::uint64_t kReservedDescriptors = 64;

}  // namespace understudy
