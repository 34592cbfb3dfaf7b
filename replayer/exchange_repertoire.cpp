#include "replayer/exchange_repertoire.h"

#include "replayer/exchange_conversation.h"

#include <utility>

namespace understudy {

ExchangeRepertoire::ExchangeRepertoire(Service service, ExchangeIndex index)
    : service_(std::move(service)),
      index_(std::move(index)),
      cursors_(index_, service_.after_last),
      nearest_(*service_.protocol, index_) {}

std::unique_ptr<Conversation> ExchangeRepertoire::converse(const ConversationPlace& place) {
  return std::make_unique<ExchangeConversation>(*this, place);
}

std::vector<UnusedExchange> ExchangeRepertoire::unused() const {
  std::vector<UnusedExchange> list;
  for (const std::uint32_t position : cursors_.unused()) {
    const Stub& stub = index_.stubs()[position];
    list.push_back({stub.number, stub.label});
  }
  return list;
}

}  // namespace understudy
