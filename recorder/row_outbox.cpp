#include "recorder/row_outbox.h"

#include "recorder/session_tape.h"

#include <algorithm>

namespace understudy {

RowOutbox::RowOutbox(RecordingSink& sink, bool drop, std::int64_t crowded_bytes)
    : sink_(sink), drop_(drop), crowded_bytes_(crowded_bytes), batch_(sink.new_batch()) {}

void RowOutbox::list(SessionTape& tape) {
  tapes_.push_back(&tape);
}

void RowOutbox::unlist(SessionTape& tape) {
  std::erase(tapes_, &tape);
}

void RowOutbox::beat() {
  ++beats_;
  // spill() may hand a large batch over in between; it never lists or unlists.
  std::erase_if(tapes_, [](SessionTape* tape) { return tape->spill(SessionTape::Spill::Old); });
  submit();
}

void RowOutbox::submit_if_large() {
  if (batch_->size() >= kMaxBatchBytes) submit();
}

void RowOutbox::flush() {
  std::erase_if(tapes_, [](SessionTape* tape) { return tape->spill(SessionTape::Spill::All); });
  submit();
}

void RowOutbox::submit() {
  if (batch_->empty()) return;
  sink_.submit(std::move(batch_));
  batch_ = sink_.new_batch();
}

}  // namespace understudy
