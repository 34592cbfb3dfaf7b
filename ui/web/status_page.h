// The plain status page: what runs, where it listens, how much went by, what to do next. HTML
// made on the server, no script. Pure.
#pragma once

#include "ui/web/service_info.h"

#include <string>
#include <string_view>

namespace understudy {

[[nodiscard]] std::string status_page(const ServiceInfo& info);

/// Text for element content and quoted attributes; control characters become U+FFFD.
[[nodiscard]] std::string html_escape(std::string_view text);

/// Where the certificate of the authority is, here and at the forward proxy.
inline constexpr std::string_view kCertificatePath = "/understudy/ca.pem";

/// app/app.css and app/icon.svg, built into the program.
extern const std::string_view kAppCss;
extern const std::string_view kIconSvg;

}  // namespace understudy
