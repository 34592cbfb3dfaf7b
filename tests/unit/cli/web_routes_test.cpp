#include "ui/web/web_routes.h"
#include "ui/web/status_page.h"
#include "ui/web/utc_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace understudy {
namespace {

ServiceInfo sample() {
  ServiceInfo info;
  info.command = "record";
  info.store = "run.db";
  info.recording = "<night&ly>";
  info.started_at = Timestamp(Duration(1'795'252'394'474'000));
  info.rules.push_back({{"orders", "http", "127.0.0.1:8080", true}, "http://a.example.com:80"});
  info.counters = {{"exchanges", 12}};
  return info;
}

WebResponse respond(std::string_view method, std::string_view target,
                    std::string_view host = "127.0.0.1:7070", std::string_view origin = "",
                    std::string_view fetch_site = "") {
  const WebRoutes routes(sample, 7070);
  return routes.respond({method, target, host, origin, fetch_site});
}

TEST(WebRoutes, ThePageIsHtmlWithoutInlineScriptOrStyle) {
  const WebResponse page = respond("GET", "/");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("&lt;night&amp;ly&gt;"), std::string::npos);
  EXPECT_EQ(page.body.find("<night"), std::string::npos);
  EXPECT_NE(page.body.find("127.0.0.1:8080"), std::string::npos);
  EXPECT_NE(page.body.find("reachable by others"), std::string::npos);
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_EQ(page.body.find("style="), std::string::npos);
}

TEST(WebRoutes, ABrokenStoreIsToldOnThePageAndInTheInfo) {
  const auto broken = [] {
    ServiceInfo info = sample();
    info.problem = "run.db: <full>";
    return info;
  };
  const WebRoutes routes(broken, 7070);
  const std::string page = routes.respond({"GET", "/", "127.0.0.1:7070", "", ""}).body;
  EXPECT_NE(page.find("Recording has stopped"), std::string::npos);
  EXPECT_NE(page.find("run.db: &lt;full&gt;"), std::string::npos);
  const auto info = routes.respond({"GET", "/api/v1/info", "127.0.0.1:7070", "", ""});
  EXPECT_EQ(nlohmann::json::parse(info.body)["problem"], "run.db: <full>");
  EXPECT_TRUE(nlohmann::json::parse(respond("GET", "/api/v1/info").body)["problem"].is_null());
  EXPECT_EQ(respond("GET", "/").body.find("has stopped"), std::string::npos);
}

TEST(WebRoutes, TheAuthoritysCertificateCanBeImported) {
  const auto with_authority = [] {
    ServiceInfo info = sample();
    info.authority = {"/ca/ca.pem", "-----BEGIN CERTIFICATE-----\n"};
    info.rules.push_back({{"proxy", "http-proxy", "127.0.0.1:3128", false, true}, ""});
    return info;
  };
  const WebRoutes routes(with_authority, 7070);
  const auto get = [&](const char* path) {
    return routes.respond({"GET", path, "127.0.0.1:7070", "", ""});
  };
  const WebResponse certificate = get("/understudy/ca.pem");
  EXPECT_EQ(certificate.status, 200u);
  EXPECT_EQ(certificate.content_type, "application/x-x509-ca-cert");
  EXPECT_EQ(certificate.body, "-----BEGIN CERTIFICATE-----\n");
  ASSERT_EQ(certificate.headers.size(), 1u);
  EXPECT_EQ(certificate.headers[0].second, "attachment; filename=\"understudy-ca.pem\"");
  const std::string page = get("/").body;
  EXPECT_NE(page.find("href=\"/understudy/ca.pem\""), std::string::npos);
  EXPECT_NE(page.find("<td>wherever clients want</td>"), std::string::npos);
  const auto info = nlohmann::json::parse(get("/api/v1/info").body);
  EXPECT_EQ(info["ca"], "/ca/ca.pem");
  EXPECT_TRUE(info["rules"][1]["upstream"].is_null());
}

TEST(WebRoutes, WithoutTlsThereIsNoCertificate) {
  EXPECT_EQ(respond("GET", "/understudy/ca.pem").status, 404u);
  EXPECT_EQ(respond("GET", "/").body.find("ca.pem"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(respond("GET", "/api/v1/info").body)["ca"].is_null());
}

TEST(WebRoutes, ItsPartsAreServed) {
  EXPECT_EQ(respond("GET", "/app.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(respond("GET", "/icon.svg").content_type, "image/svg+xml");
  EXPECT_FALSE(respond("GET", "/app.css").body.empty());
}

TEST(WebRoutes, InfoHasTheFacts) {
  const WebResponse info = respond("GET", "/api/v1/info?x=1");
  EXPECT_EQ(info.status, 200u);
  EXPECT_EQ(info.content_type, "application/json");
  const auto json = nlohmann::json::parse(info.body);
  EXPECT_EQ(json["name"], "understudy");
  EXPECT_EQ(json["command"], "record");
  EXPECT_EQ(json["store"], "run.db");
  EXPECT_EQ(json["recording"], "<night&ly>");
  EXPECT_EQ(json["started_at"], "2026-11-21T09:13:14.474Z");
  EXPECT_EQ(json["counters"]["exchanges"], 12);
  EXPECT_EQ(json["rules"][0]["upstream"], "http://a.example.com:80");
  EXPECT_GT(json["pid"], 0);
}

TEST(WebRoutes, HostMustNameUs) {
  for (const char* host : {"127.0.0.1:7070", "localhost:7070", "[::1]:7070"}) {
    EXPECT_EQ(respond("GET", "/", host).status, 200u) << host;
  }
  for (const char* host : {"", "127.0.0.1", "127.0.0.1:7071", "evil.example.com:7070",
                           "localhost.evil.example.com:7070", "127.0.0.1:70701"}) {
    EXPECT_EQ(respond("GET", "/", host).status, 421u) << host;
    EXPECT_EQ(respond("GET", "/api/v1/info", host).status, 421u) << host;
  }
}

TEST(WebRoutes, OnlyGetAndHead) {
  EXPECT_EQ(respond("HEAD", "/").status, 200u);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
    const WebResponse refusal = respond(method, "/");
    EXPECT_EQ(refusal.status, 405u) << method;
    ASSERT_EQ(refusal.headers.size(), 1u);
    EXPECT_EQ(refusal.headers[0], std::make_pair(std::string("Allow"), std::string("GET, HEAD")));
  }
}

TEST(WebRoutes, OtherSitesAreRefusedUnderApi) {
  const char* host = "127.0.0.1:7070";
  const char* info = "/api/v1/info";
  EXPECT_EQ(respond("GET", info, host, "http://127.0.0.1:7070").status, 200u);
  EXPECT_EQ(respond("GET", info, host, "http://evil.example.com").status, 403u);
  EXPECT_EQ(respond("GET", info, host, "null").status, 403u);
  EXPECT_EQ(respond("GET", info, host, "", "same-origin").status, 200u);
  EXPECT_EQ(respond("GET", info, host, "", "none").status, 200u);
  EXPECT_EQ(respond("GET", info, host, "", "cross-site").status, 403u);
  EXPECT_EQ(respond("GET", info, host, "", "same-site").status, 403u);
  EXPECT_EQ(respond("GET", "/", host, "", "cross-site").status, 200u);  // a link to the page
}

TEST(WebRoutes, UnknownPathsAreProblems) {
  const WebResponse api = respond("GET", "/api/v1/nothing");
  EXPECT_EQ(api.status, 404u);
  EXPECT_EQ(api.content_type, "application/problem+json");
  EXPECT_EQ(nlohmann::json::parse(api.body)["status"], 404);
  const WebResponse page = respond("GET", "/nothing");
  EXPECT_EQ(page.status, 404u);
  EXPECT_EQ(page.content_type, "text/plain; charset=utf-8");
}

TEST(HtmlEscape, LeavesNothingThatActs) {
  EXPECT_EQ(html_escape("<a href=\"x\">'&\x01"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\xEF\xBF\xBD");
}

TEST(UtcText, IsIso8601) {
  EXPECT_EQ(utc_text(Timestamp(Duration(1'795'252'394'474'999))), "2026-11-21T09:13:14.474Z");
  EXPECT_EQ(utc_text_seconds(Timestamp(Duration(951'782'400'000'000))), "2000-02-29T00:00:00Z");
  EXPECT_EQ(utc_text(Timestamp{}), "");
}

}  // namespace
}  // namespace understudy
