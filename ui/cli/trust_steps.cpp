#include "ui/cli/trust_steps.h"

#include "protocols/transport/trust_store.h"
#include "ui/cli/command_run.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <span>

namespace understudy {

namespace {

/// {ca} is the certificate, {roots} the system's bundle.
constexpr const char* kSteps =
    R"(Trust it on a machine that you test with, and check the fingerprint above when a tool asks.

Debian, Ubuntu
  sudo cp {ca} /usr/local/share/ca-certificates/understudy.crt
  sudo update-ca-certificates
Fedora, RHEL
  sudo cp {ca} /etc/pki/ca-trust/source/anchors/understudy.pem
  sudo update-ca-trust
macOS
  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {ca}
Windows (copy the file there; this user only, -user left out: everybody, as administrator)
  certutil -user -addstore Root ca.pem
Firefox (certutil is in libnss3-tools, on Fedora in nss-tools; or Settings, Privacy & Security,
View Certificates, Authorities, Import)
  for profile in ~/.mozilla/firefox/*.default*; do
    certutil -A -d sql:"$profile" -n 'Understudy CA' -t C,, -i {ca}
  done
Chromium and Chrome on Linux
  mkdir -p ~/.pki/nssdb
  certutil -A -d sql:"$HOME/.pki/nssdb" -n 'Understudy CA' -t C,, -i {ca}
Java 9 and later (on 8: -keystore "$JAVA_HOME/jre/lib/security/cacerts" in place of -cacerts)
  sudo keytool -importcert -cacerts -storepass changeit -noprompt -alias understudy -file {ca}
Java, one program
  understudy ca export --format p12 -o understudy.p12
  java -Djavax.net.ssl.trustStore=understudy.p12 -Djavax.net.ssl.trustStorePassword=changeit ...
Node
  export NODE_EXTRA_CA_CERTS={ca}

One program at a time, in place of the system's roots; so where it talks to other hosts as well,
give it both:
  cat {roots} {ca} > understudy-bundle.pem
Python requests
  export REQUESTS_CA_BUNDLE="$PWD/understudy-bundle.pem"
Python ssl and urllib, and whatever else uses OpenSSL
  export SSL_CERT_FILE="$PWD/understudy-bundle.pem"
curl
  curl --cacert understudy-bundle.pem https://...
git
  git -c http.sslCAInfo="$PWD/understudy-bundle.pem" clone https://...
)";

}  // namespace

std::string trust_steps(const std::string& certificate) {
  const std::string roots = system_roots_file();
  const std::string shown_roots = roots.empty() ? "/etc/ssl/certs/ca-certificates.crt" : roots;
  return fmt::format(fmt::runtime(kSteps), fmt::arg("ca", command_text(std::span(&certificate, 1))),
                     fmt::arg("roots", command_text(std::span(&shown_roots, 1))));
}

std::string trusting_curl(const std::string& certificate, std::span<const ListeningRule> rules) {
  const auto proxy = std::ranges::find_if(rules, &ListeningRule::is_proxy);
  if (proxy != rules.end()) {
    const std::array<std::string, 6> words{"curl",     "--proxy",   "http://" + proxy->address,
                                           "--cacert", certificate, "https://..."};
    return command_text(words);
  }
  const auto rule = std::ranges::find(rules, "https", &ListeningRule::scheme);
  if (rule == rules.end()) return "";
  const std::array<std::string, 4> words{"curl", "--cacert", certificate,
                                         "https://" + rule->address + "/"};
  return command_text(words);
}

}  // namespace understudy
