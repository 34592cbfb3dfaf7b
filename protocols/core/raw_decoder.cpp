#include "protocols/core/raw_decoder.h"

namespace understudy {

Step RawDecoder::step(Side from, ByteView unread, bool fin) {
  if (unread.empty()) {
    if (fin) finished_[static_cast<std::size_t>(from)] = true;
    return open_ && finished_[0] && finished_[1] ? end_exchange() : Step{};
  }
  const bool new_turn = open_ && from == Side::Client && last_speaker_ == Side::Server;
  if (new_turn) return end_exchange();
  if (!open_) {
    ++last_;
    open_ = true;
  }
  last_speaker_ = from;
  Step step;
  step.kind = Step::Kind::Body;
  step.exchange = last_;
  step.size = unread.size();
  return step;
}

Step RawDecoder::end_exchange() {
  open_ = false;
  Step step;
  step.kind = Step::Kind::Body;
  step.exchange = last_;
  step.message_ends = true;
  step.exchange_ends = true;
  return step;
}

}  // namespace understudy
