#include "ui/cli/tls_text.h"

#include "store/rule_proxy.h"
#include "ui/cli/rule_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <filesystem>

namespace understudy {

namespace {

std::string connect_words(const ForwardRule& rule) {
  const ProxySettings& proxy = *rule.proxy;
  if (proxy.refuse_connect) {
    return "CONNECT gets 405 and SOCKS5 is refused (disableConnectForwarding): only plain HTTP "
           "requests go through.";
  }
  if (!proxy.connect_ports.empty()) {
    return fmt::format("CONNECT and SOCKS5 may lead to the ports {} of any host.",
                       port_list_text(proxy.connect_ports));
  }
  if (is_loopback(rule.listen)) return "CONNECT and SOCKS5 may lead to any port of any host.";
  return "CONNECT and SOCKS5 may lead to the ports 443 and 8443 of any host (connectPorts names "
         "others).";
}

std::string user_words(const ForwardRule& rule) {
  if (!rule.proxy->credentials.empty()) {
    return "Clients must give a user and a password (--proxy-auth).";
  }
  return is_loopback(rule.listen) ? "Every program of this machine can use it."
                                  : "OTHER MACHINES CAN USE IT, and no password is asked for.";
}

void add_tunnel_words(const ProxySettings& proxy, std::vector<std::string>& sentences) {
  if (proxy.refuse_connect) return;
  if (!proxy.passthrough.empty()) {
    sentences.push_back(
        fmt::format("Tunnels to {} are passed on unopened: recorded are their byte counts.",
                    fmt::join(proxy.passthrough, ", ")));
  }
  if (proxy.passthrough_on_reject) {
    sentences.push_back(
        "A host whose client rejects our certificate is passed on unopened from then on.");
  }
}

}  // namespace

void add_server_words(const ForwardRule& rule, std::vector<std::string>& sentences) {
  const TlsSettings& tls = rule.tls;
  const std::string where = rule.proxy ? "TLS inside tunnels is opened" : "TLS ends here";
  if (tls.certificate.empty()) {
    sentences.push_back(where +
                        ", with certificates of the local authority for the names that clients "
                        "ask for (understudy ca show).");
  } else if (std::filesystem::is_directory(tls.certificate)) {
    sentences.push_back(fmt::format(
        "{}, with the certificate in {} that covers the name, else one of the local authority.",
        where, tls.certificate));
  } else {
    sentences.push_back(fmt::format("{}, with the certificate {}.", where, tls.certificate));
  }
  if (tls.ask_certificate) {
    sentences.push_back("Clients are asked for a certificate, which is recorded and not judged.");
  }
}

void add_upstream_words(const TlsSettings& tls, std::vector<std::string>& sentences) {
  if (!tls.verify) {
    sentences.push_back(
        "THE UPSTREAM IS NOT VERIFIED (verify=\"false\"): whoever is on the way can read and "
        "change "
        "what goes there.");
  } else if (tls.ca_file.empty()) {
    sentences.push_back("The upstream's certificate must be one that this system trusts.");
  } else {
    sentences.push_back(fmt::format(
        "The upstream's certificate must be one that this system or {} trusts.", tls.ca_file));
  }
  if (!tls.client_certificate.empty()) {
    sentences.push_back(
        fmt::format("Where it asks for ours, it is shown {}.", tls.client_certificate));
  }
}

void add_version_words(const ForwardRule& rule, std::vector<std::string>& sentences) {
  if (!rule.client_tls && !rule.upstream_tls && !rule.proxy) return;
  const TlsSettings& tls = rule.tls;
  if (!tls.min_version.empty()) {
    sentences.push_back(fmt::format("TLS {} and above is spoken (tlsMin).", tls.min_version));
  }
  if (!tls.ciphers.empty()) {
    sentences.push_back(fmt::format("Ciphers up to TLS 1.2: {}.", tls.ciphers));
  }
}

void add_proxy_words(const ForwardRule& rule, std::vector<std::string>& sentences) {
  sentences.push_back(
      rule.proxy->by_host
          ? "It is a forward proxy for clients that do not know of one (by a hosts file, say): "
            "requests go where their Host or URL says."
          : "It is a forward proxy: requests go where their URL says.");
  sentences.push_back(user_words(rule));
  sentences.push_back(connect_words(rule));
  add_tunnel_words(*rule.proxy, sentences);
}

}  // namespace understudy
