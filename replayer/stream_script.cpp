#include "replayer/stream_script.h"

#include "replayer/exchange_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

/// Enough to recognise a command or an opening line.
constexpr std::size_t kLabelBytes = 32;

std::string label_of(const RecordedExchange& exchange) {
  if (!exchange.method.empty() && !exchange.resource.empty()) {
    return exchange.method + " " + exchange.resource;
  }
  if (!exchange.method.empty()) return exchange.method;
  if (exchange.request.empty()) return "what the server says first";
  return bytes_label(exchange.request);
}

ScriptEnd end_of(const RecordedSession& session) {
  const ByteView reason = session.end_reason;
  if (!reason.starts_with("upstream") && !reason.starts_with("server")) return ScriptEnd::Client;
  const bool closed = reason.find("closed") != ByteView::npos;
  return closed ? ScriptEnd::ServerClosed : ScriptEnd::ServerReset;
}

/// Lays the chunks of all exchanges on one line.
class Builder {
 public:
  explicit Builder(const RecordedSession& session) : last_(session.opened_at) {
    script_.session = session.number;
    script_.end = end_of(session);
  }

  void add(RecordedExchange exchange) {
    ScriptTurn turn;
    turn.exchange = exchange.number;
    turn.client_begin = script_.client.size();
    turn.client_size = exchange.request.size();
    turn.label = label_of(exchange);
    turn.key = key_hash(exchange.request);
    turn.reply = std::move(exchange.reply);
    script_.client += exchange.request;
    script_.turns.push_back(std::move(turn));
    chunks_.push_back({exchange.id, exchange.started_at, exchange.opener, exchange.reply_size,
                       std::move(exchange.chunks)});
  }

  /// After the last add(): turns do not move any more, sends may point into them.
  StreamScript finish(Timestamp closed_at) {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      lay(static_cast<std::uint32_t>(i), chunks_[i]);
    }
    script_.end_gap = std::max(closed_at - last_, Duration{0});
    return std::move(script_);
  }

 private:
  struct Times {
    std::int64_t exchange;
    Timestamp started_at;
    Side opener;
    std::uint64_t reply_size;
    std::vector<Chunk> chunks;
  };

  void lay(std::uint32_t position, const Times& times) {
    const ScriptTurn& turn = script_.turns[position];
    reply_left_ = times.reply_size;
    std::uint64_t client_left = turn.client_size;
    for (const Chunk& chunk : times.chunks) {
      const Timestamp at = times.started_at + chunk.after;
      if (chunk.from == Side::Client) {
        const std::uint64_t size = std::min(chunk.size, client_left);
        client_left -= size;
        client_bytes(size, at);
      } else {
        server_bytes(position, times, chunk.size, at);
      }
    }
    // Times are a remark on the bytes: what they leave out follows at once, in the natural order.
    if (times.opener == Side::Client) client_bytes(client_left, last_);
    server_bytes(position, times, reply_left_, last_);
    if (times.opener == Side::Server) client_bytes(client_left, last_);
  }

  void client_bytes(std::uint64_t size, Timestamp at) {
    if (size == 0) return;
    client_offset_ += size;
    last_ = std::max(last_, at);
  }

  void server_bytes(std::uint32_t position, const Times& times, std::uint64_t size, Timestamp at) {
    size = std::min(size, reply_left_);
    if (size == 0) return;
    const Bytes& reply = script_.turns[position].reply;
    const std::uint64_t from = times.reply_size - reply_left_;
    const std::uint64_t loaded = from < reply.size() ? std::min(size, reply.size() - from) : 0;
    ScriptSend send;
    send.trigger = client_offset_;
    send.gap = std::max(at - last_, Duration{0});
    send.begin = server_offset_;
    send.turn = position;
    if (loaded > 0) send.bytes = ByteView(reply).substr(from, loaded);
    if (loaded < size) send.stored = {times.exchange, from + loaded, size - loaded};
    script_.sends.push_back(send);
    server_offset_ += size;
    reply_left_ -= size;
    last_ = std::max(last_, at);
  }

  StreamScript script_;
  std::vector<Times> chunks_;
  std::uint64_t client_offset_ = 0, server_offset_ = 0;
  std::uint64_t reply_left_ = 0;
  Timestamp last_;
};

/// Bytes of the sends of a script one after another.
class SendWalk {
 public:
  explicit SendWalk(const StreamScript& script) : sends_(script.sends) {}

  /// The next bytes in memory; empty = the end, or bytes in the store.
  [[nodiscard]] ByteView front() {
    while (at_ < sends_.size() && offset_ == sends_[at_].size()) {
      ++at_;
      offset_ = 0;
    }
    if (at_ == sends_.size() || offset_ >= sends_[at_].bytes.size()) return {};
    return sends_[at_].bytes.substr(offset_);
  }
  void skip(std::size_t size) { offset_ += size; }

 private:
  const std::vector<ScriptSend>& sends_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace

StreamScript make_script(const RecordedSession& session, std::vector<RecordedExchange> exchanges) {
  Builder builder(session);
  for (RecordedExchange& exchange : exchanges)
    builder.add(std::move(exchange));
  return builder.finish(session.closed_at);
}

void add_place(StreamScript& script, std::string_view place) {
  for (ScriptTurn& turn : script.turns) {
    turn.label = fmt::format("{}: {}", place, turn.label);
    turn.key ^= key_hash(place);
  }
}

bool same_server_bytes(const StreamScript& a, const StreamScript& b, std::uint64_t size) {
  if (&a == &b) return true;
  SendWalk left(a);
  SendWalk right(b);
  while (size > 0) {
    const ByteView one = left.front();
    const ByteView two = right.front();
    const std::size_t step = std::min({one.size(), two.size(), static_cast<std::size_t>(size)});
    if (step == 0 || one.substr(0, step) != two.substr(0, step)) return false;
    left.skip(step);
    right.skip(step);
    size -= step;
  }
  return true;
}

std::string bytes_label(ByteView bytes) {
  std::string text;
  for (const char c : bytes.substr(0, kLabelBytes)) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (octet < 0x20 || octet > 0x7E || c == '\\' || c == '"') {
      text += fmt::format("\\x{:02x}", octet);
    } else {
      text += c;
    }
  }
  const ByteView more = bytes.size() > kLabelBytes ? "…" : "";
  return fmt::format("{} bytes \"{}{}\"", bytes.size(), text, more);
}

}  // namespace understudy
