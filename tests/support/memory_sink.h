// A RecordingSink that keeps the batches: what reached the store, as a list.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "store/recording_sink.h"

namespace understudy::testing {

class MemorySink final : public RecordingSink {
 public:
  std::unique_ptr<Batch> new_batch() override { return std::make_unique<Batch>(); }
  void submit(std::unique_ptr<Batch> batch) override {
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
  }
  bool full() const noexcept override { return is_full; }
  bool broken() const noexcept override { return is_broken; }
  std::int64_t next_session_id() noexcept override { return ++sessions_; }
  std::int64_t next_exchange_id() noexcept override { return ++exchanges_; }

  /// An exchange put together from its row, segments and update.
  struct Exchange {
    ExchangeRow row;
    Bytes request, reply, method, resource, note, edits, chunks;
    bool open = true;
    int rows = 0, segments = 0, updates = 0;
  };
  std::vector<Exchange> exchanges() {
    const std::lock_guard lock(mutex_);
    std::vector<Exchange> list;
    for (const auto& batch : batches_) {
      for (const ExchangeRow& row : batch->exchanges) {
        Exchange made;
        made.row = row;
        made.request = batch->view(row.request);
        made.reply = batch->view(row.reply);
        made.method = batch->view(row.method);
        made.resource = batch->view(row.resource);
        made.note = batch->view(row.note);
        made.edits = batch->view(row.edits);
        made.chunks = batch->view(row.chunks);
        made.open = row.open;
        made.rows = 1;
        list.push_back(std::move(made));
      }
      for (const SegmentRow& segment : batch->segments) {
        for (Exchange& made : list) {
          if (made.row.id != segment.exchange) continue;
          Bytes& half = segment.from == Side::Client ? made.request : made.reply;
          if (half.size() == segment.offset) half += batch->view(segment.bytes);
          ++made.segments;
        }
      }
      for (const ExchangeUpdate& update : batch->updates) {
        for (Exchange& made : list) {
          if (made.row.id != update.id) continue;
          made.open = update.open;
          made.row.ending = update.ending;
          made.row.origin = update.origin;
          made.row.status = update.status;
          made.note = batch->view(update.note);
          made.method = batch->view(update.method);
          made.resource = batch->view(update.resource);
          ++made.updates;
        }
      }
    }
    return list;
  }
  std::vector<SessionClosed> closed() {
    const std::lock_guard lock(mutex_);
    std::vector<SessionClosed> list;
    for (const auto& batch : batches_) {
      list.insert(list.end(), batch->sessions_closed.begin(), batch->sessions_closed.end());
    }
    return list;
  }

  std::atomic<bool> is_full{false}, is_broken{false};

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::atomic<std::int64_t> sessions_{0}, exchanges_{0};
};

}  // namespace understudy::testing
