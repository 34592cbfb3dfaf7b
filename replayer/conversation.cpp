#include "replayer/conversation.h"

namespace understudy {

// Here a Conversation is whole, which deleting one asks for.
Handover::Handover() = default;
Handover::~Handover() = default;

}  // namespace understudy
