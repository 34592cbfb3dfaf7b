// A virtual service whose protocol is replayed as whole conversations: its recorded sessions and
// which of them are taken. Shared by all workers.
#pragma once

#include "protocols/core/protocol.h"
#include "replayer/repertoire.h"
#include "replayer/request_redaction.h"
#include "replayer/script_pool.h"

#include <optional>
#include <vector>

namespace understudy {

class StreamRepertoire final : public Repertoire {
 public:
  struct Service {
    ServiceIdentity identity;
    std::optional<RequestRedaction> redaction;
    double timing_factor = 0;
    AfterLast after_last = AfterLast::Stick;
  };
  StreamRepertoire(Service service, std::vector<StreamScript> scripts);

  [[nodiscard]] Silence first_silence() const override { return Silence::Unlimited; }
  [[nodiscard]] std::unique_ptr<Conversation> converse(const ConversationPlace& place) override;
  [[nodiscard]] std::size_t stub_count() const override;
  [[nodiscard]] std::vector<UnusedExchange> unused() const override;

  [[nodiscard]] const Service& service() const { return service_; }
  [[nodiscard]] ScriptPool& pool() { return pool_; }

 private:
  const Service service_;
  ScriptPool pool_;
};

}  // namespace understudy
