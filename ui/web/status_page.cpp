#include "ui/web/status_page.h"

#include "ui/web/program_version.h"
#include "ui/web/utc_text.h"

#include <fmt/format.h>

namespace understudy {

namespace {

std::string_view headline(std::string_view command) {
  if (command == "record") return "Recording";
  if (command == "replay") return "Replaying";
  return "Store";
}

std::string fact(std::string_view name, std::string_view value) {
  if (value.empty()) return "";
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, html_escape(value));
}

std::string problem(const ServiceInfo& info) {
  if (info.problem.empty()) return "";
  return fmt::format(
      "<p class=\"problem\" role=\"alert\"><strong>Recording has stopped</strong>, traffic is "
      "still "
      "forwarded: {}</p>\n",
      html_escape(info.problem));
}

std::string counters(const ServiceInfo& info) {
  std::string html = "<ul class=\"counters\">\n";
  for (const Counter& counter : info.counters) {
    html += fmt::format("<li><b>{}</b> {}</li>\n", counter.second, html_escape(counter.first));
  }
  return html + "</ul>\n";
}

std::string upstream_cell(const std::string& upstream) {
  if (upstream.empty()) return "<td>wherever clients want</td>";
  return "<td><code>" + html_escape(upstream) + "</code></td>";
}

std::string authority(const ServiceInfo& info) {
  if (info.authority.pem.empty()) return "";
  return fmt::format(
      "<p>TLS is served with certificates of a local authority. Clients have to trust <a "
      "href=\"{}\">its certificate</a>; <code>understudy ca show</code> says how.</p>\n",
      kCertificatePath);
}

std::string rules(const ServiceInfo& info) {
  if (info.rules.empty()) return "";
  const bool upstreams = info.command == "record";
  std::string html = fmt::format(
      "<h2>Rules</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Rule</th>"
      "<th scope=\"col\">Scheme</th><th scope=\"col\">Listens at</th>{}</tr></thead>\n<tbody>\n",
      upstreams ? "<th scope=\"col\">Upstream</th>" : "");
  for (const ServedRule& rule : info.rules) {
    html +=
        fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td><code>{}</code>{}</td>{}</tr>\n",
                    html_escape(rule.listening.name), html_escape(rule.listening.scheme),
                    html_escape(rule.listening.address),
                    rule.listening.is_public ? " <em>reachable by others</em>" : "",
                    upstreams ? upstream_cell(rule.upstream) : "");
  }
  return html + "</tbody></table></div>\n";
}

/// What a user who looks at this page would do next.
std::string next_step(const ServiceInfo& info) {
  const std::string store = html_escape(info.store);
  if (info.command == "record") {
    return fmt::format(
        "<p>Point the application at the addresses above. Stop with Ctrl-C, then serve the "
        "recording without the real systems: <code>understudy replay {}</code></p>\n",
        store);
  }
  if (info.command == "replay") {
    return "<p>Point the application at the addresses above. Nothing here connects out; requests "
           "without a recorded answer count as missed.</p>\n";
  }
  return fmt::format("<p>Look into it with <code>understudy list {}</code></p>\n", store);
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string status_page(const ServiceInfo& info) {
  const std::string title =
      fmt::format("{} {}", headline(info.command),
                  html_escape(info.recording.empty() ? info.store : info.recording));
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{} · Understudy</title>\n<link rel=\"icon\" href=\"/icon.svg\">\n"
      "<link rel=\"stylesheet\" href=\"/app.css\">\n</head>\n<body>\n"
      "<header><img src=\"/icon.svg\" alt=\"\" width=\"28\" height=\"28\">"
      "<span>Understudy {}</span></header>\n<main>\n<h1 class=\"{}\">{}</h1>\n",
      title, program_version(), html_escape(info.command), title);
  html += problem(info);
  html += counters(info);
  html += rules(info);
  html += authority(info);
  html += next_step(info);
  html += "<h2>Facts</h2>\n<dl>\n" + fact("Store", info.store) + fact("Recording", info.recording) +
          fact("Running since", utc_text_seconds(info.started_at)) + "</dl>\n";
  html +=
      "<p class=\"quiet\">Reload for current numbers · "
      "<a href=\"/api/v1/info\">the same as JSON</a></p>\n</main>\n</body>\n</html>\n";
  return html;
}

}  // namespace understudy
