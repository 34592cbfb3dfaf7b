// The vocabulary of registration.xml: which attributes are read, which are known and not built yet,
// which belong to the vendor alone. Tables, no state.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace understudy {

/// What an attribute is to this version.
enum class Word : std::uint8_t {
  Read,
  Ignored,      ///< known, changes nothing about forwarding: a warning
  Unsupported,  ///< known, would change what happens: refused
  Unknown,
};

struct KnownWord {
  std::string_view name;
  Word word;
  std::string_view harmless;  ///< an Unsupported one with this value asks for nothing
};
using WordList = std::span<const KnownWord>;

inline constexpr std::array<KnownWord, 25> kForwardWords{{
    {"bind", Word::Read, ""},
    {"destination", Word::Read, ""},
    {"type", Word::Read, ""},
    {"destinationType", Word::Read, ""},
    {"name", Word::Read, ""},
    {"preserveHost", Word::Read, ""},
    {"verify", Word::Read, ""},
    {"caFile", Word::Read, ""},
    {"clientCert", Word::Read, ""},
    {"clientKey", Word::Read, ""},
    {"cert", Word::Read, ""},
    {"key", Word::Read, ""},
    {"askClientCert", Word::Read, ""},
    {"tlsMin", Word::Read, ""},
    {"ciphers", Word::Read, ""},
    {"transparent", Word::Read, ""},
    {"connectPorts", Word::Read, ""},
    {"framing", Word::Ignored, ""},
    {"codePage", Word::Ignored, ""},
    {"copybook", Word::Ignored, ""},
    {"disableConnectForwarding", Word::Ignored, ""},
    {"rewriteLinks", Word::Unsupported, "false"},
    {"publicUrl", Word::Unsupported, ""},
    {"allow", Word::Unsupported, ""},
    {"deny", Word::Unsupported, ""},
}};

/// Of the root and of a proxy element: defaults for what is below.
inline constexpr std::array<KnownWord, 6> kContainerWords{{
    {"disableConnectForwarding", Word::Read, ""},
    {"verify", Word::Read, ""},
    {"caFile", Word::Read, ""},
    {"clientCert", Word::Read, ""},
    {"clientKey", Word::Read, ""},
    {"codePage", Word::Ignored, ""},
}};

inline constexpr std::array<KnownWord, 18> kProxyWords{{
    {"port", Word::Read, ""},
    {"bind-address", Word::Read, ""},
    {"disableConnectForwarding", Word::Read, ""},
    {"connectPorts", Word::Read, ""},
    {"passthrough", Word::Read, ""},
    {"passthroughOnReject", Word::Read, ""},
    {"verify", Word::Read, ""},
    {"caFile", Word::Read, ""},
    {"clientCert", Word::Read, ""},
    {"clientKey", Word::Read, ""},
    {"cert", Word::Read, ""},
    {"key", Word::Read, ""},
    {"askClientCert", Word::Read, ""},
    {"tlsMin", Word::Read, ""},
    {"ciphers", Word::Read, ""},
    {"codePage", Word::Ignored, ""},
    {"allow", Word::Unsupported, ""},
    {"deny", Word::Unsupported, ""},
}};

inline constexpr std::array<KnownWord, 3> kRedactWords{{
    {"header", Word::Read, ""},
    {"json", Word::Read, ""},
    {"pattern", Word::Read, ""},
}};

inline constexpr std::array<KnownWord, 1> kLoggerWords{{{"level", Word::Read, ""}}};

inline constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warning", "error"};

/// Values of tlsMin.
inline constexpr std::array<std::string_view, 4> kTlsVersions{"1.0", "1.1", "1.2", "1.3"};

/// Elements of the vendor's file that configure the vendor's program.
inline constexpr std::array<std::string_view, 13> kVendorElements{
    "server",      "statistics", "identifier",         "domains",  "domain",
    "environment", "ssl",        "observed-resources", "keyStore", "key-store",
    "keystore",    "ims",        "certificate",
};

[[nodiscard]] constexpr bool is_vendor_element(std::string_view name) {
  for (const std::string_view one : kVendorElements) {
    if (one == name) return true;
  }
  return false;
}

[[nodiscard]] constexpr Word meaning(WordList known, std::string_view name,
                                     std::string_view value) {
  for (const KnownWord& one : known) {
    if (one.name != name) continue;
    const bool asks_nothing = !one.harmless.empty() && value == one.harmless;
    return one.word == Word::Unsupported && asks_nothing ? Word::Read : one.word;
  }
  return Word::Unknown;
}

}  // namespace understudy
