// TLS handshakes as `show` prints them, in words and as JSON. Pure.
#pragma once

#include "protocols/core/recorded.h"

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// "TLS 1.3, TLS_AES_128_GCM_SHA256, SNI api.example.com, ALPN http/1.1, resumed"; of one that
/// failed "failed: …" and what is known.
[[nodiscard]] std::string handshake_text(const RecordedTls& handshake);

/// The handshakes of a session, a line each, and below it what certificates both sides sent:
/// "client: TLS 1.3, …" and "upstream 1: TLS 1.3, …, verified: NOT CHECKED".
[[nodiscard]] std::vector<std::string> session_tls_lines(std::span<const RecordedTls> handshakes);

/// For an exchange, of its upstream connection: handshake_text() and "certificate ok",
/// "certificate not checked" or "certificate not accepted: …".
[[nodiscard]] std::string upstream_tls_text(const RecordedTls& handshake);

/// {"side":"client"|"upstream","upstream":N|null,"at","duration_ms","version","cipher",
/// "server_name","alpn","resumed","verified","peer_subject","own_chain","peer_chain","error"};
/// chains are PEM, null is none.
[[nodiscard]] nlohmann::ordered_json tls_json(const RecordedTls& handshake);

}  // namespace understudy
