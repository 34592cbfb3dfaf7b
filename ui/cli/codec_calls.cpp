#include "ui/cli/codec_calls.h"

#include "protocols/registry.h"

namespace understudy {

DetailOf codec_details() {
  return [](std::string_view name, Side from, ByteView message) -> std::optional<MessageDetail> {
    const Protocol* protocol = find_protocol(name);
    if (protocol == nullptr) return std::nullopt;
    return protocol->detail(from, message);
  };
}

FactsOf codec_facts() {
  return [](std::string_view name, ByteView request, ByteView reply) -> std::optional<OwnedFacts> {
    const Protocol* protocol = find_protocol(name);
    if (protocol == nullptr) return std::nullopt;
    return protocol->facts(request, reply);
  };
}

}  // namespace understudy
