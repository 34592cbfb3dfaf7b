#include "protocols/transport/rule_tls.h"

#include "protocols/transport/key_pair_directory.h"
#include "protocols/transport/key_pair_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace understudy {

namespace {

/// An attribute of the rule that names a file.
struct FileAttribute {
  std::string_view name;
  const std::string& file;
};

Error at_rule(const ForwardRule& rule, std::string what) {
  return {ErrorSource::Config, rule.written_at, std::move(what)};
}

/// `where` is the attribute, its file, or a file of its directory.
bool is_at(const std::string& where, const FileAttribute& attribute) {
  const std::string& file = attribute.file;
  if (file.empty()) return false;
  const bool below = where.size() > file.size() && where.starts_with(file) &&
                     (file.ends_with('/') || where[file.size()] == '/');
  return where == file || where == attribute.name || below;
}

/// An error at a file becomes one at the rule, which names the attribute too. One at another
/// attribute (tlsMin, ciphers) keeps its name.
Error at_rule(const ForwardRule& rule, const Error& error,
              std::initializer_list<FileAttribute> attributes) {
  const auto* named = std::ranges::find_if(
      attributes, [&](const FileAttribute& attribute) { return is_at(error.where, attribute); });
  if (named == attributes.end()) {
    return at_rule(rule, fmt::format("{} {}", error.where, error.what));
  }
  const std::string& file = error.where == named->name ? named->file : error.where;
  return at_rule(rule, fmt::format("{} \"{}\": {}", named->name, file, error.what));
}

void add(std::vector<std::string>* to, const std::vector<std::string>& warnings) {
  if (to != nullptr) to->insert(to->end(), warnings.begin(), warnings.end());
}

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Result<SharedCertificateSource> own_pair(const TlsSettings& tls,
                                         std::vector<std::string>* warnings) {
  const Result<LoadedPair> loaded = load_key_pair(tls.certificate, tls.key, now());
  if (!loaded) return std::unexpected(loaded.error());
  add(warnings, server_warnings(*loaded));
  return always(loaded->pair);
}

Result<SharedCertificateSource> own_directory(const TlsSettings& tls,
                                              std::shared_ptr<CertAuthority> authority,
                                              std::vector<std::string>* warnings) {
  if (!tls.key.empty()) {
    return std::unexpected(Error(ErrorSource::Config, tls.key,
                                 "goes with one certificate, but cert names a directory, which "
                                 "holds the keys too: leave key out"));
  }
  Result<KeyPairDirectory> directory = KeyPairDirectory::load(tls.certificate, now());
  if (!directory) return std::unexpected(directory.error());
  add(warnings, directory->warnings());
  return own_or_leaf(std::move(*directory), std::move(authority));
}

Result<SharedCertificateSource> source_of(const TlsSettings& tls,
                                          std::shared_ptr<CertAuthority> authority,
                                          std::vector<std::string>* warnings) {
  std::error_code unknown;
  const bool directory = std::filesystem::is_directory(tls.certificate, unknown);
  if (!tls.certificate.empty() && !directory) return own_pair(tls, warnings);
  if (!authority) {
    return std::unexpected(Error(ErrorSource::Config, "cert",
                                 "has to name a certificate: there is no authority to make one"));
  }
  if (directory) return own_directory(tls, std::move(authority), warnings);
  if (!tls.key.empty()) {
    return std::unexpected(
        Error(ErrorSource::Config, tls.key, "belongs to no certificate: give cert too"));
  }
  return leaves_of(std::move(authority));
}

}  // namespace

Result<std::shared_ptr<TlsServerContext>> server_context_of(
    const ForwardRule& rule, std::span<const std::string_view> alpn,
    std::shared_ptr<CertAuthority> authority, std::vector<std::string>* warnings) {
  const TlsSettings& tls = rule.tls;
  const std::initializer_list<FileAttribute> files = {{"key", tls.key}, {"cert", tls.certificate}};
  Result<SharedCertificateSource> source = source_of(tls, authority, warnings);
  if (!source) return std::unexpected(at_rule(rule, source.error(), files));
  TlsServerOptions options;
  options.basics = {tls.min_version, tls.ciphers};
  options.alpn.assign(alpn.begin(), alpn.end());
  options.ask_client_certificate = tls.ask_certificate;
  const bool makes_leaves = (*source)->goes_by_name();
  auto context = TlsServerContext::make(std::move(options), std::move(*source));
  if (!context) return std::unexpected(at_rule(rule, context.error(), files));
  if (makes_leaves) authority->prepare_rsa();
  return context;
}

Result<std::shared_ptr<TlsClientContext>> client_context_of(const ForwardRule& rule,
                                                            std::vector<std::string>* warnings) {
  const TlsSettings& tls = rule.tls;
  const std::initializer_list<FileAttribute> files = {{"clientKey", tls.client_key},
                                                      {"clientCert", tls.client_certificate},
                                                      {"caFile", tls.ca_file}};
  if (tls.client_certificate.empty() && !tls.client_key.empty()) {
    return std::unexpected(at_rule(
        rule,
        {ErrorSource::Config, tls.client_key, "belongs to no certificate: give clientCert too"},
        files));
  }
  TlsClientOptions options;
  options.basics = {tls.min_version, tls.ciphers};
  options.verify = tls.verify;
  options.ca_file = tls.ca_file;
  options.certificate = tls.client_certificate;
  options.key = tls.client_key;
  auto context = TlsClientContext::make(std::move(options));
  if (!context) return std::unexpected(at_rule(rule, context.error(), files));
  add(warnings, (*context)->warnings());
  return context;
}

}  // namespace understudy
