#include "protocols/transport/root_files.h"

#include "protocols/transport/certificate.h"
#include "protocols/transport/certificate_maker.h"
#include "protocols/transport/private_key.h"
#include "protocols/transport/small_file.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace understudy {

namespace {

using std::chrono::days;

constexpr std::size_t kMaxFile = std::size_t{64} << 10;  // a key and a certificate are 1 KiB
constexpr days kBackdated{2};                            // clients whose clocks are behind
constexpr days kRootLife{3652};                          // ten years
constexpr std::size_t kMaxUserAndHost = 37;  // what 64 characters of a common name leave for it

std::unexpected<Error> refuse(const std::string& path, std::string what) {
  return std::unexpected(Error(ErrorSource::Environment, path, std::move(what)));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Who we are, as the system's user database has it; empty = it does not know us.
struct User {
  std::string name, home;
};

User current_user() {
  std::array<char, 4096> text{};  // getpwuid() would share one buffer among all threads
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found) != 0 ||
      found == nullptr) {
    return {};
  }
  return {found->pw_name, found->pw_dir};
}

std::string user_and_host() {
  const User user = current_user();
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string text = fmt::format(
      "{}@{}", user.name.empty() ? std::to_string(::geteuid()) : user.name, host.data());
  for (char& c : text) {
    if (c <= ' ' || c > '~') c = '_';
  }
  return text.substr(0, kMaxUserAndHost);
}

/// Whose root it is and since when: the name under which people find it in their trust stores.
std::string root_name(std::chrono::sys_seconds now) {
  return fmt::format("Understudy CA ({} {:%Y-%m-%d})", user_and_host(),
                     fmt::gmtime(now.time_since_epoch().count()));
}

std::string start_again(const RootPaths& paths) {
  return fmt::format("to start with a new authority, delete {} and {}", paths.key,
                     paths.certificate);
}

Result<void> make_key_file(const RootPaths& paths, std::chrono::sys_seconds now) {
  if (Result<void> made = make_private_directory(paths.directory); !made) {
    Error error = made.error();
    error.what +=
        "; the certificate authority is kept there: make it writable, or set "
        "XDG_DATA_HOME to a directory that is";
    return std::unexpected(std::move(error));
  }
  Result<EvpKeyPtr> key = make_ecdsa_key();
  if (!key) return std::unexpected(key.error());
  Result<X509Ptr> root = make_root(key->get(), root_name(now), {now - kBackdated, now + kRootLife});
  if (!root) return std::unexpected(root.error());
  const Result<bool> created =
      create_file(paths.key, private_key_pem(key->get()) + certificate_pem(root->get()), 0600);
  if (created) return {};
  Error error = created.error();
  error.what += fmt::format(
      "; the certificate authority's key is kept there: make {} writable, or set XDG_DATA_HOME to "
      "a directory that is",
      paths.directory);
  return std::unexpected(std::move(error));
}

/// As errno says it. Whoever may not read a file of their own home ran us with sudo before.
Error unreadable(const RootPaths& paths) {
  return {ErrorSource::Environment, paths.key,
          fmt::format("cannot read: {}; it must belong to the user who runs this (chown), or set "
                      "XDG_DATA_HOME to another directory",
                      std::strerror(errno))};
}

/// Only this user may read the key.
Result<void> check_private(const RootPaths& paths) {
  struct stat facts{};
  if (::stat(paths.key.c_str(), &facts) != 0) return std::unexpected(unreadable(paths));
  if ((facts.st_mode & 077) == 0) return {};
  return refuse(paths.key,
                fmt::format("others may read or write this private key (mode {:04o}): if you are "
                            "sure that nobody did, run chmod 600 on it; else {}",
                            facts.st_mode & 07777U, start_again(paths)));
}

Result<RootPair> read_key_file(const RootPaths& paths, std::chrono::sys_seconds now) {
  if (Result<void> checked = check_private(paths); !checked) {
    return std::unexpected(checked.error());
  }
  if (::access(paths.key.c_str(), R_OK) != 0) return std::unexpected(unreadable(paths));
  const Result<std::string> text = read_small_file(paths.key, kMaxFile, ErrorSource::Environment);
  if (!text) return refuse(paths.key, text.error().what + "; " + start_again(paths));
  Result<EvpKeyPtr> key = read_private_key_pem(*text, paths.key, ErrorSource::Environment);
  if (!key) return refuse(paths.key, key.error().what + "; " + start_again(paths));
  Result<std::vector<X509Ptr>> list =
      read_certificates_pem(*text, paths.key, ErrorSource::Environment);
  if (!list) return refuse(paths.key, list.error().what + "; " + start_again(paths));
  RootPair root{std::move(list->front()), std::move(*key)};
  if (X509_check_private_key(root.certificate.get(), root.key.get()) != 1) {
    return refuse(paths.key, "its private key and its certificate do not belong together; " +
                                 start_again(paths));
  }
  if (!is_authority(root.certificate.get())) {
    return refuse(paths.key, "its certificate may not sign others; " + start_again(paths));
  }
  const CertificateFacts facts = certificate_facts(root.certificate.get());
  if (facts.not_after <= now) {
    return refuse(paths.key, fmt::format("its certificate expired on {}; {}",
                                         validity_text(facts.not_after), start_again(paths)));
  }
  return root;
}

/// ca.pem is there and says the same.
Result<void> keep_certificate_file(const RootPaths& paths, X509* certificate) {
  struct stat facts{};
  if (::stat(paths.certificate.c_str(), &facts) != 0 && errno == ENOENT) {
    return replace_file(paths.certificate, certificate_pem(certificate), 0644);
  }
  const Result<std::string> text =
      read_small_file(paths.certificate, kMaxFile, ErrorSource::Environment);
  if (!text) return std::unexpected(text.error());
  const std::string write_anew = fmt::format("delete it and it is written anew from {}", paths.key);
  const auto list = read_certificates_pem(*text, paths.certificate, ErrorSource::Environment);
  if (!list) return refuse(paths.certificate, list.error().what + "; " + write_anew);
  if (X509_cmp(list->front().get(), certificate) == 0) return {};
  return refuse(paths.certificate,
                fmt::format("is not the certificate of the key in {}; {}", paths.key, write_anew));
}

}  // namespace

RootPaths::RootPaths(const std::string& in)
    : directory(in), certificate(in + "/ca.pem"), key(in + "/ca-key.pem") {}

Result<std::string> default_root_directory() {
  if (std::string data = environment("XDG_DATA_HOME"); data.starts_with('/')) {
    return data + "/understudy/ca";
  }
  std::string home = environment("HOME");
  if (home.empty()) home = current_user().home;
  if (home.starts_with('/')) return home + "/.local/share/understudy/ca";
  return refuse("",
                "there is no place for the certificate authority: set HOME or XDG_DATA_HOME to an "
                "absolute path");
}

Result<RootPair> open_root(const RootPaths& paths, std::chrono::sys_seconds now) {
  struct stat facts{};
  if (::stat(paths.key.c_str(), &facts) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    if (Result<void> made = make_key_file(paths, now); !made) {
      return std::unexpected(made.error());
    }
  }
  // What this process made is read back as well: another one may have been a moment earlier.
  Result<RootPair> root = read_key_file(paths, now);
  if (!root) return root;
  if (Result<void> kept = keep_certificate_file(paths, root->certificate.get()); !kept) {
    return std::unexpected(kept.error());
  }
  return root;
}

}  // namespace understudy
