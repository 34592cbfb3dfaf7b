#include "ui/cli/ca_command.h"

#include "protocols/transport/cert_authority.h"
#include "protocols/transport/small_file.h"
#include "protocols/transport/trust_store.h"
#include "ui/cli/exit_code.h"
#include "ui/cli/line_json.h"
#include "ui/cli/trust_steps.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

namespace understudy {

namespace {

void print_facts(const CertAuthority& authority) {
  const CertificateFacts& facts = authority.root_facts();
  fmt::print("Subject      {}\n", facts.subject);
  fmt::print("SHA-256      {}\n", facts.sha256);
  fmt::print("Valid        {} to {}\n", validity_text(facts.not_before),
             validity_text(facts.not_after));
  fmt::print("Certificate  {}\n", authority.paths().certificate);
  fmt::print("Private key  {} (stays there: it is never exported)\n\n", authority.paths().key);
  fmt::print("{}", trust_steps(authority.paths().certificate));
}

std::string iso_text(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time.time_since_epoch().count()));
}

void print_json(const CertAuthority& authority) {
  const CertificateFacts& facts = authority.root_facts();
  fmt::print("{}\n",
             json_text(nlohmann::ordered_json{{"subject", facts.subject},
                                              {"sha256", facts.sha256},
                                              {"not_before", iso_text(facts.not_before)},
                                              {"not_after", iso_text(facts.not_after)},
                                              {"certificate", authority.paths().certificate},
                                              {"key", authority.paths().key}}));
}

Result<std::string> exported(const CertAuthority& authority, CaArguments::Format format) {
  X509* const root = authority.root();
  if (format == CaArguments::Format::Der) return certificate_der(root);
  if (format == CaArguments::Format::Pkcs12) return java_trust_store({&root, 1});
  return authority.root_pem();
}

Result<void> print_bytes(const std::string& content, CaArguments::Format format) {
  if (format != CaArguments::Format::Pem && ::isatty(STDOUT_FILENO) == 1) {
    return std::unexpected(Error(ErrorSource::Config, "",
                                 "this format is no text for a terminal; name a file with -o"));
  }
  if (std::fwrite(content.data(), 1, content.size(), stdout) == content.size() &&
      std::fflush(stdout) == 0) {
    return {};
  }
  return std::unexpected(Error(ErrorSource::Environment, "", "cannot write to standard output"));
}

int export_root(const CertAuthority& authority, const CaArguments& arguments) {
  const Result<std::string> content = exported(authority, arguments.format);
  if (!content) return report_error(content.error());
  const Result<void> done = arguments.output.empty()
                                ? print_bytes(*content, arguments.format)
                                : replace_file(arguments.output, *content, 0644);
  if (!done) return report_error(done.error());
  if (arguments.format == CaArguments::Format::Pkcs12) {
    fmt::print(stderr, "The password of this trust store is: {}\n", kTrustStorePassword);
  }
  return kExitDone;
}

}  // namespace

int run(const CaArguments& arguments) {
  const Result<std::string> directory = default_root_directory();
  if (!directory) return report_error(directory.error());
  const Result<std::shared_ptr<CertAuthority>> authority = CertAuthority::open(*directory);
  if (!authority) return report_error(authority.error());
  switch (arguments.action) {
    case CaArguments::Action::Export: return export_root(**authority, arguments);
    case CaArguments::Action::Path:
      fmt::print("{}\n", (*authority)->paths().certificate);
      return kExitDone;
    case CaArguments::Action::Show:
      arguments.json ? print_json(**authority) : print_facts(**authority);
  }
  return kExitDone;
}

}  // namespace understudy
