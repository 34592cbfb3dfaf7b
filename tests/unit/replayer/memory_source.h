// A recording in memory, for tests of what reads one.
#pragma once

#include "store/recording_source.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace understudy::test {

struct MemoryRecording {
  Recording recording;
  std::vector<RecordedSession> sessions;
  std::vector<RecordedExchange> exchanges;  ///< whole

  /// Adds an exchange in a session of its own; returns it for changes.
  RecordedExchange& add(std::int64_t rule, Bytes request, Bytes reply,
                        std::string end_reason = "client closed") {
    const auto number = static_cast<std::int64_t>(sessions.size()) + 1;
    RecordedSession session;
    session.id = session.number = number;
    session.rule = rule;
    session.end_reason = std::move(end_reason);
    sessions.push_back(std::move(session));
    return add_to(number, recording.rules[static_cast<std::size_t>(rule) - 1].rule.protocol,
                  std::move(request), std::move(reply));
  }
  RecordedExchange& add_to(std::int64_t session, std::string protocol, Bytes request, Bytes reply) {
    RecordedExchange exchange;
    exchange.id = static_cast<std::int64_t>(exchanges.size()) + 501;
    exchange.number = static_cast<std::int64_t>(exchanges.size()) + 1;
    exchange.session = session;
    exchange.exchange_no = static_cast<ExchangeNo>(exchange.number);
    exchange.protocol = std::move(protocol);
    exchange.request_size = request.size();
    exchange.reply_size = reply.size();
    exchange.request = std::move(request);
    exchange.reply = std::move(reply);
    exchanges.push_back(std::move(exchange));
    return exchanges.back();
  }
  /// Rules get ids from 1.
  void add_rule(ForwardRule rule) {
    const auto id = static_cast<std::int64_t>(recording.rules.size()) + 1;
    recording.rules.push_back({id, id - 1, std::move(rule)});
  }
};

class MemorySource final : public RecordingSource {
 public:
  explicit MemorySource(const MemoryRecording& recorded) : recorded_(recorded) {}

  Result<std::vector<Recording>> recordings() override {
    return std::vector<Recording>{recorded_.recording};
  }
  Result<Recording> recording(std::string_view) override { return recorded_.recording; }
  Result<std::vector<RecordedSession>> sessions(std::int64_t) override {
    return recorded_.sessions;
  }
  Result<void> each_exchange(std::int64_t, std::size_t max_bytes,
                             const std::function<bool(RecordedExchange&&)>& visit) override {
    for (RecordedExchange exchange : recorded_.exchanges) {
      exchange.request.resize(std::min(exchange.request.size(), max_bytes));
      exchange.reply.resize(std::min(exchange.reply.size(), max_bytes));
      if (!visit(std::move(exchange))) break;
    }
    return {};
  }
  Result<void> each_line(std::int64_t, const std::function<bool(const ExchangeLine&)>&) override {
    return {};
  }
  Result<RecordedExchange> exchange(std::int64_t id, std::size_t) override { return find(id); }
  Result<Bytes> read(std::int64_t id, Side from, std::uint64_t offset, std::size_t size) override {
    const RecordedExchange& exchange = find(id);
    return (from == Side::Client ? exchange.request : exchange.reply).substr(offset, size);
  }

 private:
  [[nodiscard]] const RecordedExchange& find(std::int64_t id) const {
    return *std::ranges::find(recorded_.exchanges, id, &RecordedExchange::id);
  }
  const MemoryRecording& recorded_;
};

}  // namespace understudy::test
