#include "ui/web/web_routes.h"

#include "ui/web/info_json.h"
#include "ui/web/status_page.h"

#include <fmt/format.h>
#include <array>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

/// The type that browsers and phones offer to import.
WebResponse certificate(const ServiceInfo& info) {
  if (info.authority.pem.empty()) {
    return problem(kCertificatePath, 404, "Not Found", "no rule here speaks TLS");
  }
  return {200,
          "application/x-x509-ca-cert",
          info.authority.pem,
          {{"Content-Disposition", "attachment; filename=\"understudy-ca.pem\""}}};
}

bool is_api(std::string_view path) {
  return path == "/api" || path.starts_with("/api/");
}

/// Pages of other sites may make a browser send requests here; what they could read or steer is
/// under /api.
bool from_elsewhere(const WebRequest& request) {
  if (!request.origin.empty() && request.origin != "http://" + std::string(request.host)) {
    return true;
  }
  return !request.fetch_site.empty() && request.fetch_site != "same-origin" &&
         request.fetch_site != "none";
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
       "form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-store"},
  };
  return headers;
}

WebResponse problem(std::string_view path, unsigned status, std::string_view title,
                    std::string_view detail) {
  WebResponse response;
  response.status = status;
  if (is_api(path)) {
    response.content_type = "application/problem+json";
    response.body = nlohmann::ordered_json{
        {"type", "about:blank"},
        {"title", title},
        {"status", status},
        {"detail",
         detail}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else {
    response.content_type = "text/plain; charset=utf-8";
    response.body = fmt::format("{} {}\n{}\n", status, title, detail);
  }
  return response;
}

bool WebRoutes::names_us(std::string_view host) const {
  static constexpr std::array<std::string_view, 3> kNames{"127.0.0.1", "localhost", "[::1]"};
  for (const std::string_view name : kNames) {
    if (!host.starts_with(name)) continue;
    const std::string_view rest = host.substr(name.size());
    if (rest == fmt::format(":{}", port_) || (rest.empty() && port_ == 80)) return true;
  }
  return false;
}

WebResponse WebRoutes::respond(const WebRequest& request) const {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  if (!names_us(request.host)) {
    return problem(path, 421, "Misdirected Request",
                   fmt::format("open http://127.0.0.1:{}/ or http://localhost:{}/", port_, port_));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    WebResponse refusal =
        problem(path, 405, "Method Not Allowed", "only GET and HEAD are answered here");
    refusal.headers.emplace_back("Allow", "GET, HEAD");
    return refusal;
  }
  if (is_api(path) && from_elsewhere(request)) {
    return problem(path, 403, "Forbidden", "the page of another site asked for this");
  }
  return route(path);
}

WebResponse WebRoutes::route(std::string_view path) const {
  if (path == "/") return {200, "text/html; charset=utf-8", status_page(info_()), {}};
  if (path == "/app.css") return {200, "text/css; charset=utf-8", std::string(kAppCss), {}};
  if (path == "/icon.svg") return {200, "image/svg+xml", std::string(kIconSvg), {}};
  if (path == "/api/v1/info") return {200, "application/json", info_json(info_()), {}};
  if (path == kCertificatePath) return certificate(info_());
  return problem(path, 404, "Not Found",
                 is_api(path) ? "this version has /api/v1/info" : "the status page is at /");
}

}  // namespace understudy
