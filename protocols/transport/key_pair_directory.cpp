#include "protocols/transport/key_pair_directory.h"

#include "protocols/transport/certificate.h"
#include "protocols/transport/private_key.h"
#include "protocols/transport/small_file.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

namespace understudy {

namespace {

constexpr std::size_t kMaxFiles = 4096;  // a mistaken path, "/" say, must not be read for minutes
constexpr std::array<std::string_view, 6> kEndings{".pem", ".crt", ".cer", ".key", ".p12", ".pfx"};

std::unexpected<Error> refuse(const std::string& where, std::string what) {
  return std::unexpected(Error(ErrorSource::Config, where, std::move(what)));
}

struct CertificateFile {
  std::string path;
  std::vector<X509Ptr> certificates;
};

struct KeyFile {
  std::string path;
  EvpKeyPtr key;
  bool used = false;
};

/// What the files of a directory hold, before keys and certificates have found each other.
struct Contents {
  std::vector<CertificateFile> certificates;
  std::vector<KeyFile> keys;
  std::vector<LoadedPair> pairs;  ///< from PKCS#12
};

Result<std::vector<std::string>> files_of(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (std::ranges::none_of(kEndings, [&](std::string_view end) { return path.ends_with(end); })) {
      continue;
    }
    std::error_code unknown;
    if (entry->is_directory(unknown)) continue;
    files.push_back(path);
    if (files.size() > kMaxFiles) {
      return refuse(directory, fmt::format("has more than {} certificate files", kMaxFiles));
    }
  }
  if (error) return refuse(directory, fmt::format("cannot read: {}", error.message()));
  std::ranges::sort(files);
  return files;
}

Result<void> read_file_into(Contents& contents, const std::string& path,
                            std::chrono::sys_seconds now) {
  const Result<std::string> text = read_small_file(path, kMaxPairFile, ErrorSource::Config);
  if (!text) return std::unexpected(text.error());
  if (looks_like_der(*text)) {
    Result<LoadedPair> pair = read_pkcs12_pair(*text, path, now);
    if (!pair) return std::unexpected(pair.error());
    contents.pairs.push_back(std::move(*pair));
    return {};
  }
  const bool has_key = text->find("PRIVATE KEY-----") != std::string::npos;
  if (has_key) {
    Result<EvpKeyPtr> key = read_private_key_pem(*text, path, ErrorSource::Config);
    if (!key) return std::unexpected(key.error());
    contents.keys.push_back({path, std::move(*key)});
    if (text->find("CERTIFICATE-----") == std::string::npos) return {};
  }
  Result<std::vector<X509Ptr>> list = read_certificates_pem(*text, path, ErrorSource::Config);
  if (!list) return std::unexpected(list.error());
  contents.certificates.push_back({path, std::move(*list)});
  return {};
}

/// Pairs each certificate with its key. A key may serve several certificates (one that was
/// renewed).
Result<std::vector<LoadedPair>> matched(Contents contents, std::chrono::sys_seconds now) {
  std::vector<LoadedPair> pairs = std::move(contents.pairs);
  for (CertificateFile& file : contents.certificates) {
    X509* server = file.certificates.front().get();
    const EVP_PKEY* wanted = X509_get0_pubkey(server);
    const auto key = std::ranges::find_if(contents.keys, [&](const KeyFile& candidate) {
      return wanted != nullptr && EVP_PKEY_eq(wanted, candidate.key.get()) == 1;
    });
    if (key != contents.keys.end()) {
      key->used = true;
      pairs.push_back(
          make_pair_of(std::move(file.certificates), share(key->key.get()), file.path, now));
    } else if (!is_authority(server)) {
      return refuse(file.path, "no private key in this directory belongs to its first certificate");
    }
  }
  for (const KeyFile& key : contents.keys) {
    if (!key.used) return refuse(key.path, "no certificate in this directory belongs to this key");
  }
  return pairs;
}

}  // namespace

void KeyPairDirectory::add(const LoadedPair& loaded) {
  std::ranges::move(server_warnings(loaded), std::back_inserter(warnings_));
  for (const std::string& host : loaded.hosts) {
    const Result<ServerName> name = ServerName::parse(host, ErrorSource::Config);
    if (name) pairs_.emplace(name->text(), loaded.pair);  // else: a person's name, no host
  }
}

Result<KeyPairDirectory> KeyPairDirectory::load(const std::string& path,
                                                std::chrono::sys_seconds now) {
  const Result<std::vector<std::string>> files = files_of(path);
  if (!files) return std::unexpected(files.error());
  Contents contents;
  for (const std::string& file : *files) {
    if (Result<void> read = read_file_into(contents, file, now); !read) {
      return std::unexpected(read.error());
    }
  }
  Result<std::vector<LoadedPair>> pairs = matched(std::move(contents), now);
  if (!pairs) return std::unexpected(pairs.error());
  if (pairs->empty()) {
    return refuse(path,
                  "has no certificate with its key (*.pem, *.crt, *.cer, *.key, *.p12, *.pfx)");
  }
  KeyPairDirectory directory;
  for (const LoadedPair& pair : *pairs)
    directory.add(pair);
  return directory;
}

SharedCertifiedKey KeyPairDirectory::find(const ServerName& name) const {
  if (const auto exact = pairs_.find(name.text()); exact != pairs_.end()) return exact->second;
  const std::size_t dot = name.text().find('.');
  if (name.is_address() || dot == std::string::npos) return nullptr;
  const auto wildcard = pairs_.find("*" + name.text().substr(dot));
  return wildcard == pairs_.end() ? nullptr : wildcard->second;
}

}  // namespace understudy
