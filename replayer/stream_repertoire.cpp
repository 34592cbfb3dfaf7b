#include "replayer/stream_repertoire.h"

#include "replayer/stream_conversation.h"

#include <utility>

namespace understudy {

StreamRepertoire::StreamRepertoire(Service service, std::vector<StreamScript> scripts)
    : service_(std::move(service)), pool_(std::move(scripts), service_.after_last) {}

std::unique_ptr<Conversation> StreamRepertoire::converse(const ConversationPlace& place) {
  return std::make_unique<StreamConversation>(*this, place);
}

std::size_t StreamRepertoire::stub_count() const {
  std::size_t count = 0;
  for (const StreamScript& script : pool_.scripts())
    count += script.turns.size();
  return count;
}

std::vector<UnusedExchange> StreamRepertoire::unused() const {
  std::vector<UnusedExchange> list;
  for (const auto& [script, turn] : pool_.unused()) {
    const ScriptTurn& unused = pool_.scripts()[script].turns[turn];
    list.push_back({unused.exchange, unused.label});
  }
  return list;
}

}  // namespace understudy
