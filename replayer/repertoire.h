// All that one virtual service can answer, however its protocol is replayed. Shared by all workers;
// what changes inside is guarded there.
#pragma once

#include "replayer/conversation.h"
#include "replayer/journal.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

class ScratchShelf;

/// What the connection of a conversation is.
struct ConversationPlace {
  Journal::Lane& journal;        ///< of the connection's worker
  ScratchShelf& scratch;         ///< of the connection's worker
  const std::string& authority;  ///< "host:port" that the service listens at
  std::uint64_t session = 0;
  bool is_public = false;  ///< others than this machine can connect to the service
  bool secured = false;    ///< the client speaks TLS
  /// Where all it asks for leads, "https://api.example.com" (place.h): the inside of a tunnel.
  /// Empty = each request says, or the rule does.
  std::string destination;

  ConversationPlace(Journal::Lane& lane, ScratchShelf& shelf, const std::string& listens_at,
                    std::uint64_t number)
      : journal(lane), scratch(shelf), authority(listens_at), session(number) {}
};

struct UnusedExchange {
  std::int64_t number = 0;
  std::string label;
};

class Repertoire {
 public:
  virtual ~Repertoire() = default;

  /// Which silence of a client that has said nothing yet is bounded.
  [[nodiscard]] virtual Silence first_silence() const = 0;
  /// Its conversations look for TLS themselves.
  [[nodiscard]] virtual bool meets_tls() const { return false; }
  /// A conversation for a new connection; neither the place's parts nor this may go before it.
  [[nodiscard]] virtual std::unique_ptr<Conversation> converse(const ConversationPlace& place) = 0;
  [[nodiscard]] virtual std::size_t stub_count() const = 0;
  /// Exchanges that answered nothing so far. Any thread.
  [[nodiscard]] virtual std::vector<UnusedExchange> unused() const = 0;
};

}  // namespace understudy
