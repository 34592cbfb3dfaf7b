// A virtual service whose protocol replays by exchange: its index, its cursors, and why it misses.
// Shared by all workers.
#pragma once

#include "protocols/core/protocol.h"
#include "replayer/exchange_index.h"
#include "replayer/matcher/nearest.h"
#include "replayer/repertoire.h"
#include "replayer/request_redaction.h"

#include <optional>

namespace understudy {

class ExchangeRepertoire final : public Repertoire {
 public:
  /// What it is made of besides the stubs.
  struct Service {
    const Protocol* protocol = nullptr;  ///< one with exchange_replay()
    ServiceIdentity identity;
    std::string plain_scheme, secure_scheme;  ///< how clients reach it: "http", "https"
    /// Set: each request names its place under this scheme, which is part of its key.
    std::string place_scheme;
    std::optional<RequestRedaction> redaction;
    double timing_factor = 0;
    AfterLast after_last = AfterLast::Stick;
  };
  /// `index` is sealed.
  ExchangeRepertoire(Service service, ExchangeIndex index);

  [[nodiscard]] Silence first_silence() const override { return Silence::Idle; }
  [[nodiscard]] std::unique_ptr<Conversation> converse(const ConversationPlace& place) override;
  [[nodiscard]] std::size_t stub_count() const override { return index_.stubs().size(); }
  [[nodiscard]] std::vector<UnusedExchange> unused() const override;

  [[nodiscard]] const Service& service() const { return service_; }
  [[nodiscard]] const ExchangeReplay& replay() const {
    return *service_.protocol->exchange_replay();
  }
  [[nodiscard]] const ExchangeIndex& index() const { return index_; }
  [[nodiscard]] AnswerCursors& cursors() { return cursors_; }
  [[nodiscard]] const NearestStubs& nearest() const { return nearest_; }

 private:
  const Service service_;
  const ExchangeIndex index_;
  AnswerCursors cursors_;
  const NearestStubs nearest_;
};

}  // namespace understudy
