#include "ui/cli/tls_view.h"

#include "protocols/transport/certificate.h"
#include "ui/cli/line_json.h"
#include "ui/cli/plain_text.h"
#include "ui/web/utc_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <string_view>

namespace understudy {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kNotChecked = "not checked";

/// "TLSv1.3" as people write it; 1.0 is "TLSv1" in OpenSSL's words.
std::string version_text(std::string_view version) {
  if (version == "TLSv1") return "TLS 1.0";
  const std::string_view prefix = "TLSv";
  if (version.starts_with(prefix)) version.remove_prefix(prefix.size());
  return "TLS " + printable(version);
}

/// One line for each certificate of a chain, the leaf's behind `whose`; of a chain that was not
/// sent the leaf's `subject`, if that is known.
void add_chain(std::vector<std::string>& lines, std::string_view whose, const std::string& pem,
               const std::string& subject = "") {
  if (pem.empty()) {
    if (!subject.empty()) lines.push_back(fmt::format("  {}: {}", whose, printable(subject)));
    return;
  }
  const auto chain = read_certificates_pem(pem, "", ErrorSource::Store);
  if (!chain) {
    lines.push_back(fmt::format("  {}: {}", whose, printable(chain.error().what)));
    return;
  }
  for (const X509Ptr& certificate : *chain) {
    const CertificateFacts facts = certificate_facts(certificate.get());
    const bool leaf = &certificate == &chain->front();
    lines.push_back(fmt::format("  {}{}, SHA-256 {}",
                                leaf ? fmt::format("{}: ", whose) : "  above it: ",
                                printable(facts.subject), facts.sha256));
  }
}

/// A check that was left out must not look like one that went well.
std::string verdict_text(const RecordedTls& handshake) {
  return handshake.verified == kNotChecked ? "NOT CHECKED" : printable(handshake.verified);
}

}  // namespace

std::string handshake_text(const RecordedTls& handshake) {
  std::vector<std::string> parts;
  if (!handshake.error.empty()) parts.push_back("failed: " + printable(handshake.error));
  if (!handshake.version.empty()) parts.push_back(version_text(handshake.version));
  if (!handshake.cipher.empty()) parts.push_back(printable(handshake.cipher));
  if (!handshake.server_name.empty()) parts.push_back("SNI " + printable(handshake.server_name));
  if (!handshake.alpn.empty()) parts.push_back("ALPN " + printable(handshake.alpn));
  if (handshake.resumed) parts.emplace_back("resumed");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> session_tls_lines(std::span<const RecordedTls> handshakes) {
  std::vector<std::string> lines;
  for (const RecordedTls& handshake : handshakes) {
    if (handshake.upstream == 0) {
      lines.push_back("client: " + handshake_text(handshake));
      add_chain(lines, "our certificate", handshake.own_chain);
      add_chain(lines, "client certificate", handshake.peer_chain, handshake.peer_subject);
      continue;
    }
    std::string line =
        fmt::format("upstream {}: {}", handshake.upstream, handshake_text(handshake));
    if (!handshake.verified.empty()) line += ", verified: " + verdict_text(handshake);
    lines.push_back(std::move(line));
    add_chain(lines, "its certificate", handshake.peer_chain, handshake.peer_subject);
    add_chain(lines, "our client certificate", handshake.own_chain);
  }
  return lines;
}

std::string upstream_tls_text(const RecordedTls& handshake) {
  std::string text = handshake_text(handshake);
  if (handshake.verified == "ok" || handshake.verified == kNotChecked) {
    text += ", certificate " + handshake.verified;
  } else if (!handshake.verified.empty()) {
    text += ", certificate not accepted: " + printable(handshake.verified);
  }
  return text;
}

ordered_json tls_json(const RecordedTls& handshake) {
  const bool client = handshake.upstream == 0;
  return {{"side", client ? "client" : "upstream"},
          {"upstream", client ? ordered_json() : ordered_json(handshake.upstream)},
          {"at", utc_text(handshake.at)},
          {"duration_ms", static_cast<double>(handshake.duration.count()) / 1000},
          {"version", or_null(handshake.version)},
          {"cipher", or_null(handshake.cipher)},
          {"server_name", or_null(handshake.server_name)},
          {"alpn", or_null(handshake.alpn)},
          {"resumed", handshake.resumed},
          {"verified", or_null(handshake.verified)},
          {"peer_subject", or_null(handshake.peer_subject)},
          {"own_chain", or_null(handshake.own_chain)},
          {"peer_chain", or_null(handshake.peer_chain)},
          {"error", or_null(handshake.error)}};
}

}  // namespace understudy
