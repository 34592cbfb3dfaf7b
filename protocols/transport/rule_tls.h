// What a rule says about TLS, made into what connections are opened with. Blocking, reads every
// file that the rule names; for start-up and reloads.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/rule.h"
#include "protocols/transport/cert_authority.h"
#include "protocols/transport/tls_context.h"
#include "protocols/transport/tls_server.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Null = that side is plain.
struct RuleTls {
  std::shared_ptr<TlsServerContext> server;
  std::shared_ptr<TlsClientContext> client;
};

/// For the clients of `rule`, whether or not it says that they speak TLS (a tunnel through a proxy
/// may). `alpn`: what can be decoded inside, best first; empty = anything, as
/// TlsServerOptions::alpn says. `authority` makes the certificates that the rule does not bring,
/// and may be null where it brings one for all. What is wrong with a certificate that is used all
/// the same is appended to `warnings`, if there is one. Errors: Config at rule.written_at, naming
/// attribute and file.
[[nodiscard]] Result<std::shared_ptr<TlsServerContext>> server_context_of(
    const ForwardRule& rule, std::span<const std::string_view> alpn,
    std::shared_ptr<CertAuthority> authority, std::vector<std::string>* warnings = nullptr);

/// For the upstreams of `rule`. Otherwise as above.
[[nodiscard]] Result<std::shared_ptr<TlsClientContext>> client_context_of(
    const ForwardRule& rule, std::vector<std::string>* warnings = nullptr);

}  // namespace understudy
