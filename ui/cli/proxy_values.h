// Values of the options about forward proxies. Pure.
//
// Errors are Config, with the option in `where`.
#pragma once

#include "protocols/core/error.h"
#include "ui/cli/arguments.h"

#include <string>
#include <string_view>

namespace understudy {

/// The value of --proxy: "3128" (this machine only), "0.0.0.0:3128", "[::1]:0", ":3128" (all
/// adapters).
[[nodiscard]] Result<Endpoint> parse_proxy_listen(std::string_view text);

/// The value of --proxy-auth, "ada:password.txt".
struct ProxyLogin {
  std::string user, password_file;
};
[[nodiscard]] Result<ProxyLogin> parse_proxy_login(std::string_view text);

}  // namespace understudy
