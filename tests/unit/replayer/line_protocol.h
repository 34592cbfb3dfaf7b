// The smallest protocol that replays by exchange, for tests of what is around a codec:
//
//   request = method SP path *( SP word ) LF [ body ]   ; "PUT" has a third word: its body's size
//   words   = "if=…" a condition · "wait" asks for leave to send the body · "x=…" does not count
//             · "at=…" a host, which counts as the place where that is asked for
//
// A line that begins with '!' is malformed. Replies are any bytes; one that begins with "BYE" ends
// the connection.
#pragma once

#include "protocols/content/redactor.h"
#include "protocols/core/protocol.h"

#include <charconv>
#include <memory>
#include <sstream>
#include <utility>

namespace understudy::test {

struct LineRequest {
  std::string method, path, condition, unimportant, host;
  std::size_t body_size = 0;
  bool waits = false;
};

inline LineRequest parse_line(ByteView line) {
  LineRequest request;
  std::istringstream words{std::string(line.substr(0, line.find('\n')))};
  words >> request.method >> request.path;
  for (std::string word; words >> word;) {
    if (word.starts_with("if=")) request.condition = word.substr(3);
    if (word.starts_with("x=")) request.unimportant = word.substr(2);
    if (word.starts_with("at=")) request.host = word.substr(3);
    if (word == "wait") request.waits = true;
    if (word.find_first_not_of("0123456789") == std::string::npos) {
      std::from_chars(word.data(), word.data() + word.size(), request.body_size);
    }
  }
  return request;
}

class LineDecoder final : public Decoder {
 public:
  Step step(Side, ByteView unread, bool) override {
    Step step;
    if (body_left_ > 0) {
      if (unread.empty()) return step;
      step.kind = Step::Kind::Body;
      step.size = std::min(unread.size(), body_left_);
      body_left_ -= step.size;
      step.message_ends = body_left_ == 0;
      step.exchange = exchange_;
      return step;
    }
    if (unread.starts_with('!')) {
      step.kind = Step::Kind::Malformed;
      step.status = 400;
      step.detail = "an exclamation mark";
      return step;
    }
    const std::size_t end = unread.find('\n');
    if (end == ByteView::npos) return step;
    body_left_ = parse_line(unread).body_size;
    step.kind = Step::Kind::Head;
    step.size = end + 1;
    step.message_ends = body_left_ == 0;
    step.exchange = ++exchange_;
    return step;
  }
  void answered(ExchangeNo exchange) override { answered_ = exchange; }
  [[nodiscard]] std::size_t max_held() const override { return 1024; }

 private:
  std::size_t body_left_ = 0;
  ExchangeNo exchange_ = 0, answered_ = 0;
};

struct LineReply final : PreparedReply {
  Bytes bytes;
  std::uint64_t missing = 0;
  [[nodiscard]] std::uint64_t missing_bytes() const override { return missing; }
};

/// A proxy: "CONNECT host:port" asks for a tunnel, "KEY" for our certificate, a request without a
/// host is refused. A handshake begins with '@' and is a line: "@host:port" asks for a tunnel, "@?"
/// for a reply, anything else is refused.
class LineFront final : public ProxyFront {
 public:
  explicit LineFront(const ProxyHouse& house) : house_(house) {}
  [[nodiscard]] bool begins_handshake(ByteView first) const override { return first[0] == '@'; }
  [[nodiscard]] ProxyStep handshake(ByteView unread) override {
    ProxyStep step;
    const std::size_t end = unread.find('\n');
    if (end == ByteView::npos) return step;
    const ByteView asked = unread.substr(1, end - 1);
    step.size = end + 1;
    if (asked == "?") {
      step.kind = ProxyStep::Kind::Reply;
      step.reply = "@!\n";
      return step;
    }
    return connect(asked, std::move(step));
  }
  [[nodiscard]] ProxyStep judge(ByteView request) override {
    const LineRequest parts = parse_line(request);
    ProxyStep step;
    if (parts.method == "CONNECT") return connect(parts.path, std::move(step));
    step.kind = ProxyStep::Kind::Reply;
    if (parts.method == "KEY") {
      step.reply = house_.authority_pem;
    } else if (parts.host.empty()) {
      step.reply = "WHERE\n";
      step.close = true;
    } else {
      step.kind = ProxyStep::Kind::LookUp;
      step.place = "line://" + parts.host;
    }
    return step;
  }

 private:
  static ProxyStep connect(ByteView asked, ProxyStep step) {
    const std::size_t colon = asked.rfind(':');
    step.label = "tunnel " + std::string(asked);
    step.close = colon == ByteView::npos;
    step.kind = step.close ? ProxyStep::Kind::Reply : ProxyStep::Kind::Tunnel;
    step.reply = step.close ? "NO\n" : "YES\n";
    if (step.close) return step;
    step.destination.host = asked.substr(0, colon);
    std::from_chars(asked.data() + colon + 1, asked.data() + asked.size(), step.destination.port);
    return step;
  }
  const ProxyHouse house_;
};

class LineReplay final : public ExchangeReplay {
 public:
  bool key(ByteView request, ByteView place, MatchKey& out) const override {
    const LineRequest parts = parse_line(request);
    if (parts.method == "BAD") return false;
    out.key = std::string(place) + ' ' + parts.method + ' ' + parts.path + '\n';
    out.key += request.substr(request.find('\n') + 1);
    out.condition = parts.condition;
    return true;
  }
  [[nodiscard]] std::string place(ByteView request, ByteView scheme) const override {
    const LineRequest parts = parse_line(request);
    return parts.host.empty() ? "" : std::string(scheme) + "://" + parts.host;
  }
  std::unique_ptr<const PreparedReply> prepare(const RecordedExchange& exchange, const ForwardRule&,
                                               std::string& why) const override {
    if (exchange.ending == Ending::CutByClient) {
      why = "the client broke off before the reply ended";
      return nullptr;
    }
    auto reply = std::make_unique<LineReply>();
    reply->bytes = exchange.reply;
    reply->missing = exchange.reply_size - exchange.reply.size();
    return reply;
  }
  void answer(const PreparedReply& reply, ByteView, const LiveContext&,
              LiveAnswer& out) const override {
    const auto& line = static_cast<const LineReply&>(reply);
    out.pieces.push_back(line.bytes);
    out.close = line.bytes.starts_with("BYE");
  }
  void miss(ByteView, ByteView json, const LiveContext&, LiveAnswer& out) const override {
    out.scratch = "MISS ";
    out.scratch += json;
    out.pieces.push_back(out.scratch);
    out.whole = true;
  }
  void refuse(std::uint16_t status, ByteView why, LiveAnswer& out) const override {
    out.scratch = "REFUSED " + std::to_string(status) + " " + std::string(why) + "\n";
    out.pieces.push_back(out.scratch);
    out.close = out.whole = true;
  }
  ByteView interim(ByteView head) const override { return parse_line(head).waits ? "GO\n" : ""; }
  [[nodiscard]] std::unique_ptr<ProxyFront> proxy_front(const ForwardRule&,
                                                        const ProxyHouse& house) const override {
    return std::make_unique<LineFront>(house);
  }
};

class LineProtocol final : public Protocol {
 public:
  std::string_view name() const override { return "line"; }
  int version() const override { return 1; }
  std::span<const Scheme> schemes() const override { return {}; }
  /// Sure once there are capital letters and a blank.
  Guess guess(ByteView first) const override {
    const std::size_t end = first.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (end == ByteView::npos) return Guess::NeedMore;
    return end > 0 && first[end] == ' ' ? Guess::Sure : Guess::No;
  }
  std::unique_ptr<Decoder> decoder() const override { return std::make_unique<LineDecoder>(); }
  std::unique_ptr<Forwarder> forwarder(const ForwardRule&) const override { return nullptr; }
  OwnedFacts facts(ByteView request, ByteView) const override {
    const LineRequest parts = parse_line(request);
    return {parts.method, parts.path, 0};
  }
  std::vector<Field> fields(Side, ByteView message) const override {
    const LineRequest parts = parse_line(message);
    std::vector<Field> fields;
    fields.push_back({"method", parts.method});
    fields.push_back({"path", parts.path});
    if (!parts.unimportant.empty()) {
      fields.push_back({"header.x", parts.unimportant, {}, false});
    }
    const ByteView body = message.substr(std::min(message.size(), message.find('\n') + 1));
    if (!body.empty()) fields.push_back({"body", std::string(body)});
    return fields;
  }
  std::optional<MessageDetail> detail(Side, ByteView) const override { return {}; }
  std::string redact(Side, Bytes& message, const Redactor& redactor) const override {
    redactor.patterns(message);
    return {};
  }
  void redact_head(Side, Bytes& head, const Redactor& redactor) const override {
    redactor.patterns(head);
  }
  const ExchangeReplay* exchange_replay() const override { return &replay_; }

 private:
  LineReplay replay_;
};

}  // namespace understudy::test
