// Rules as users write them, shared by registration.xml and --forward: endpoints, schemes, names,
// and what must hold of all rules together (rule_set.cpp). No state.
//
// Errors here are ErrorSource::Config with an empty `where`, or the argument itself for --forward:
// the caller knows the place. `what` says what was expected.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A spelling that rules may use, as the registry of protocols has it: the caller fills the table
/// from there, since a store knows no codecs.
struct SchemeInfo {
  std::string spelling;  ///< "https", "imsconnect"
  std::string protocol;  ///< name of the codec: "http", "raw"
  bool tls = false;
  std::uint16_t default_port = 0;  ///< of a destination without one; 0 = it must have one
  bool has_paths = false;          ///< a destination may have a path
  bool as_raw = false;             ///< no codec in this version: recorded as raw TCP
};
using SchemeTable = std::vector<SchemeInfo>;

/// Without the white space at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// By spelling; null = not there.
[[nodiscard]] const SchemeInfo* find_scheme(const SchemeTable& schemes, std::string_view spelling);

/// All spellings, for messages: "http, https, tcp".
[[nodiscard]] std::string spellings(const SchemeTable& schemes);

/// Where to listen: "localhost:8080", "127.0.0.1:0", ":8080", "[::1]:8080". The host must be an
/// address of an adapter, "localhost" or nothing.
[[nodiscard]] Result<Endpoint> parse_bind(std::string_view text);

/// Where to connect: "host:80", "[::1]:80", or without a port where `default_port` is not 0.
[[nodiscard]] Result<Endpoint> parse_destination(std::string_view text, std::uint16_t default_port);

/// "true", "false", "1", "0", any case.
[[nodiscard]] Result<bool> parse_boolean(std::string_view text);

/// Sets protocol, schemes and where TLS is spoken. `upstream` empty = what the client speaks.
/// Errors: unknown (lists what is allowed), two protocols that do not translate.
[[nodiscard]] Result<void> set_schemes(ForwardRule& rule, std::string_view client,
                                       std::string_view upstream, const SchemeTable& schemes);

/// The argument of --forward, "http://localhost:8080=https://api.example.com/base". Without a
/// scheme on the right it is that of the left. The rule has no name yet.
[[nodiscard]] Result<ForwardRule> parse_forward(std::string_view left_equals_right,
                                                const SchemeTable& schemes);

/// Gives every rule a name of its own: its own name, else scheme-host-port of the upstream
/// ("proxy", "by-host-80" and "https-transparent" where there is none), with "-2", "-3", … where
/// that is taken.
void name_rules(std::vector<ForwardRule>& rules);

/// Would a connection to `destination` arrive at a listener of ours? As far as the two texts tell:
/// names are not resolved, other adapters of this machine not known.
[[nodiscard]] bool arrives_at(const Endpoint& destination, const Endpoint& listen);

/// The rules of a run, taken together. Errors: a destination that one of the rules listens at. What
/// goes where its requests say can only be seen at run time.
[[nodiscard]] Result<void> check_loops(const std::vector<ForwardRule>& rules);

/// What to tell the user of a rule whose codec is still to come; nothing where there is one.
[[nodiscard]] std::optional<std::string> raw_notice(const ForwardRule& rule,
                                                    const SchemeTable& schemes);

}  // namespace understudy
