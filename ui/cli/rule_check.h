// Mistakes that a set of rules shows before anything listens. Pure.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <span>
#include <string>
#include <vector>

namespace understudy {

/// Errors (Config), each at the place where the later rule was written: none at all, two rules
/// that listen at one port of one adapter, an upstream that is this program itself.
[[nodiscard]] Result<void> check_rules(std::span<const ForwardRule> rules);

/// The part of it that holds in replay too, where nothing goes upstream: no two at one port.
[[nodiscard]] Result<void> check_ports(std::span<const ForwardRule> rules);

/// Both would take a connection to the same address and port. Port 0 overlaps with nothing.
[[nodiscard]] bool listens_overlap(const Endpoint& one, const Endpoint& other);

/// Nobody but this machine can connect there.
[[nodiscard]] bool is_loopback(const Endpoint& listen);

/// What is allowed and dangerous all the same, a sentence each: upstreams that are not verified.
[[nodiscard]] std::vector<std::string> risks(std::span<const ForwardRule> rules);

}  // namespace understudy
