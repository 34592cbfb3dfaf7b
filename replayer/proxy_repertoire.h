// A forward proxy in replay: the exchanges of all places that were reached through it, and the
// sessions of tunnels that were none of its own protocol. Shared by all workers.
#pragma once

#include "replayer/exchange_repertoire.h"
#include "replayer/stream_repertoire.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace understudy {

/// Where a tunnel of bytes leads, as text: TLS inside or not, and "host:port".
using TunnelKey = std::pair<bool, std::string>;
[[nodiscard]] TunnelKey tunnel_key(bool secured, const Endpoint& destination);

class ProxyRepertoire final : public Repertoire {
 public:
  struct Parts {
    ForwardRule rule;  ///< as served, with `proxy` set
    Bytes authority_pem;
    /// All exchanges, found by their place.
    std::unique_ptr<ExchangeRepertoire> exchanges;
    std::map<TunnelKey, std::unique_ptr<StreamRepertoire>> streams;
    /// Answers tunnels of bytes to where nothing was recorded: it has no sessions.
    std::unique_ptr<StreamRepertoire> strangers;
    std::string plain_bytes_scheme, secure_bytes_scheme;  ///< "tcp", "tls"
  };
  explicit ProxyRepertoire(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] Silence first_silence() const override { return Silence::Idle; }
  [[nodiscard]] bool meets_tls() const override { return true; }
  [[nodiscard]] std::unique_ptr<Conversation> converse(const ConversationPlace& place) override;
  [[nodiscard]] std::size_t stub_count() const override;
  [[nodiscard]] std::vector<UnusedExchange> unused() const override;

  [[nodiscard]] const ServiceIdentity& identity() const {
    return parts_.exchanges->service().identity;
  }
  [[nodiscard]] std::unique_ptr<ProxyFront> front(bool is_public) const;
  [[nodiscard]] ExchangeRepertoire& exchanges() { return *parts_.exchanges; }
  /// The place of what is asked through a tunnel in the proxy's own protocol.
  [[nodiscard]] std::string place_of_requests(bool secured, const Endpoint& destination) const;
  /// The same for bytes of another sort.
  [[nodiscard]] std::string place_of_bytes(bool secured, const Endpoint& destination) const;
  /// The sessions of bytes that led there; null = none did.
  [[nodiscard]] StreamRepertoire* streams(const TunnelKey& key) const;
  [[nodiscard]] StreamRepertoire& strangers() { return *parts_.strangers; }

 private:
  const Parts parts_;
};

}  // namespace understudy
