#include "ui/cli/proxy_values.h"

#include "store/rule_values.h"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

namespace understudy {

namespace {

std::unexpected<Error> refused(const char* option, std::string what) {
  return std::unexpected(Error(ErrorSource::Config, option, std::move(what)));
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<Endpoint> parse_proxy_listen(std::string_view text) {
  auto endpoint =
      parse_bind(is_number(text) ? fmt::format("localhost:{}", text) : std::string(text));
  if (endpoint) return endpoint;
  return refused(
      "--proxy",
      fmt::format("'{}' is not [HOST:]PORT, such as 3128, 127.0.0.1:0 or 0.0.0.0:3128", text));
}

Result<ProxyLogin> parse_proxy_login(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) {
    return refused("--proxy-auth",
                   fmt::format("'{}' is not USER:FILE, with the password in the file", text));
  }
  return ProxyLogin{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

}  // namespace understudy
