#include "ui/cli/proxy_values.h"

#include "protocols/content/percent.h"
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

/// "http://" and the like in front; false: something else.
bool take_kind(std::string_view& text, ProxyUrl::Kind& kind) {
  using Kind = ProxyUrl::Kind;
  // socks5h: names are resolved by the proxy, which is what we ask of every one.
  for (const auto& [prefix, meant] : {std::pair{"http://", Kind::Http},
                                      {"socks5://", Kind::Socks5},
                                      {"socks5h://", Kind::Socks5}}) {
    if (!text.starts_with(prefix)) continue;
    text.remove_prefix(std::string_view(prefix).size());
    kind = meant;
    return true;
  }
  return false;
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

Result<ProxyUrl> parse_proxy_url(std::string_view text) {
  constexpr const char* kExpected =
      "expected http://[USER:PASSWORD@]HOST:PORT or socks5://[USER:PASSWORD@]HOST:PORT";
  ProxyUrl url;
  if (!take_kind(text, url.kind)) return refused("--upstream-proxy", kExpected);
  if (text.ends_with('/')) text.remove_suffix(1);
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = text.substr(0, at);
    const std::size_t colon = std::min(login.find(':'), login.size());
    url.user = percent_decoded(login.substr(0, colon), false);
    if (colon < login.size()) url.password = percent_decoded(login.substr(colon + 1), false);
    if (url.user.empty()) return refused("--upstream-proxy", kExpected);
    text.remove_prefix(at + 1);
  }
  auto endpoint = parse_destination(text, 0);
  if (!endpoint) return refused("--upstream-proxy", kExpected);
  url.at = std::move(*endpoint);
  return url;
}

}  // namespace understudy
