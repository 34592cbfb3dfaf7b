// What the local server answers, without sockets: request in, response out. Pure but for the info
// source that it asks.
//
//   GET /                the status page            GET /app.css, /icon.svg    its parts
//   GET /api/v1/info     facts and counters as JSON
//   GET /understudy/ca.pem    the certificate that clients of TLS rules have to trust
//
// Every request is checked first, in this order: Host must name this machine and our port (421:
// another name that resolves to 127.0.0.1 is DNS rebinding), only GET and HEAD (405), and under
// /api no request that another site's page made (403).
#pragma once

#include "ui/web/service_info.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy {

struct WebRequest {
  std::string_view method, target;
  std::string_view host;        ///< the Host field; empty = none
  std::string_view origin;      ///< the Origin field; empty = none
  std::string_view fetch_site;  ///< the Sec-Fetch-Site field; empty = none
};

struct WebResponse {
  unsigned status = 200;
  std::string content_type;
  std::string body;  ///< also of HEAD: the sender leaves it out
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside content-type
};

class WebRoutes {
 public:
  /// `port` is the one that the server listens at.
  WebRoutes(InfoSource info, std::uint16_t port) : info_(std::move(info)), port_(port) {}

  [[nodiscard]] WebResponse respond(const WebRequest& request) const;

 private:
  [[nodiscard]] bool names_us(std::string_view host) const;
  [[nodiscard]] WebResponse route(std::string_view path) const;

  InfoSource info_;
  std::uint16_t port_;
};

/// A response that says what is wrong: problem+json under /api, plain text elsewhere.
[[nodiscard]] WebResponse problem(std::string_view path, unsigned status, std::string_view title,
                                  std::string_view detail);

/// What every response carries (ui security: CSP without inline script or style, no sniffing, no
/// embedding, nothing kept by caches).
[[nodiscard]] const std::vector<std::pair<std::string, std::string>>& security_headers();

}  // namespace understudy
