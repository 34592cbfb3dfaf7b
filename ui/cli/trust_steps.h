// How to make systems, browsers and languages trust the certificate authority: commands to paste.
#pragma once

#include <string>

namespace understudy {

/// `certificate` is the path of the PEM file; it is quoted for a shell where it needs that. The one
/// fact it reads is where this system keeps its roots.
[[nodiscard]] std::string trust_steps(const std::string& certificate);

}  // namespace understudy
