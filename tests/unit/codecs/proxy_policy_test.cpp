// What a forward proxy lets its clients do, and what it says where it does not.
#include "protocols/http/proxy_policy.h"

#include "protocols/http/http_own_replies.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(ProxyPolicy, ALoopbackProxyConnectsAnywhereAPublicOneToHttps) {
  const ProxySettings settings;
  EXPECT_TRUE(may_connect(settings, false, 25));
  EXPECT_TRUE(may_connect(settings, true, 443));
  EXPECT_TRUE(may_connect(settings, true, 8443));
  EXPECT_FALSE(may_connect(settings, true, 25));
  EXPECT_FALSE(may_connect(settings, false, 0));
}

TEST(ProxyPolicy, NamedPortsAreTheOnlyOnes) {
  ProxySettings settings;
  settings.connect_ports = {8883, 5671};
  for (const bool is_public : {false, true}) {
    EXPECT_TRUE(may_connect(settings, is_public, 8883));
    EXPECT_FALSE(may_connect(settings, is_public, 443));
  }
}

TEST(ProxyPolicy, CredentialsAreAskedForWhereThereAreAny) {
  ProxySettings settings;
  EXPECT_TRUE(is_authorized(settings, ""));
  EXPECT_TRUE(is_authorized(settings, "ada", "lovelace"));
  settings.credentials = "ada:lovelace:1";
  EXPECT_TRUE(is_authorized(settings, "Basic YWRhOmxvdmVsYWNlOjE="));
  EXPECT_TRUE(is_authorized(settings, "basic   YWRhOmxvdmVsYWNlOjE= "));
  EXPECT_TRUE(is_authorized(settings, "ada", "lovelace:1"));
  for (const ByteView wrong : {"", "Basic", "Basic ", "Basic YWRhOmxvdmVsYWNlOjI=",
                               "Bearer YWRhOmxvdmVsYWNlOjE=", "YWRhOmxvdmVsYWNlOjE="}) {
    EXPECT_FALSE(is_authorized(settings, wrong)) << wrong;
  }
  EXPECT_FALSE(is_authorized(settings, "ada", "lovelace:2"));
  EXPECT_FALSE(is_authorized(settings, "", ""));
}

TEST(ProxyPolicy, PassthroughNamesHostsAndDomains) {
  ProxySettings settings;
  EXPECT_FALSE(is_passthrough(settings, "a.example"));
  settings.passthrough = {"api.Example.com", "*.corp.test", "::1"};
  for (const ByteView host : {"API.example.com", "api.example.com.", "corp.test", "a.corp.test",
                              "a.b.CORP.test", "::1"}) {
    EXPECT_TRUE(is_passthrough(settings, host)) << host;
  }
  for (const ByteView host : {"example.com", "b.api.example.com", "mycorp.test", "test", ""}) {
    EXPECT_FALSE(is_passthrough(settings, host)) << host;
  }
  settings.passthrough = {"*"};
  EXPECT_TRUE(is_passthrough(settings, "anything"));
}

TEST(ProxyPolicy, RefusalsSayWhatHelps) {
  const OwnReply reply = own_reply(407, "log in\n");
  EXPECT_TRUE(reply.head.starts_with("HTTP/1.1 407 Proxy Authentication Required\r\n"));
  EXPECT_NE(reply.head.find("\r\nProxy-Authenticate: Basic realm="), Bytes::npos) << reply.head;
  EXPECT_EQ(own_reply(403, "").head.find("Proxy-Authenticate"), Bytes::npos);
}

TEST(ProxyPolicy, TheCertificateIsServedAsBrowsersInstallIt) {
  const OwnReply reply = certificate_reply("-----BEGIN…");
  EXPECT_TRUE(reply.head.starts_with("HTTP/1.1 200 "));
  EXPECT_NE(reply.head.find("\r\nContent-Type: application/x-x509-ca-cert\r\n"), Bytes::npos);
  EXPECT_EQ(reply.body, "-----BEGIN…");
  EXPECT_TRUE(certificate_reply("").head.starts_with("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace understudy
