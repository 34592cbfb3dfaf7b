// How to make systems, browsers and languages trust the certificate authority: commands to paste.
#pragma once

#include "protocols/core/rule.h"

#include <span>
#include <string>

namespace understudy {

/// `certificate` is the path of the PEM file; it is quoted for a shell where it needs that. The one
/// fact it reads is where this system keeps its roots.
[[nodiscard]] std::string trust_steps(const std::string& certificate);

/// A curl command that trusts the authority, through the forward proxy or at the first https rule
/// among `rules`; empty where there is neither.
[[nodiscard]] std::string trusting_curl(const std::string& certificate,
                                        std::span<const ListeningRule> rules);

}  // namespace understudy
