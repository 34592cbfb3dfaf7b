// Conversations for Forwarder tests: a script plays client, upstream and relay without a socket;
// what the forwarder does is collected and read back. One thread.
//
//   Playbook play(protocol.forwarder(rule));
//   play.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n").opened().upstream("HTTP/1.1 204 No
//   …\r\n\r\n"); EXPECT_EQ(play.to_client(), "HTTP/1.1 204 …");
//
// Misuse of Link or Tape (calls after the end, a number that does not rise) lands in broken().
#pragma once

#include "protocols/core/forwarder.h"
#include "protocols/core/place.h"
#include "protocols/core/protocol.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy::testing {

/// What a tape holds of one exchange.
struct TapedExchange {
  Side opener = Side::Client;
  UpstreamNo upstream = 0;
  std::array<Bytes, 2> bytes;
  std::array<bool, 2> whole{};  ///< the latest message of that side ended
  std::string method, resource, note;
  std::uint16_t status = 0;
  std::vector<Edit> request_edits, reply_edits;
  bool ours = false, ended = false;
  Ending ending = Ending::Complete;
};

class TapeModel final : public Tape {
 public:
  void begin(ExchangeNo exchange, Side opener, UpstreamNo upstream) override {
    if (exchange != exchanges.size() + 1) broken += "begin out of order; ";
    exchanges[exchange].opener = opener;
    exchanges[exchange].upstream = upstream;
  }
  void head(ExchangeNo exchange, Side from, ByteView bytes) override { add(exchange, from, bytes); }
  void body(ExchangeNo exchange, Side from, ByteView bytes) override { add(exchange, from, bytes); }
  void message_end(ExchangeNo exchange, Side from) override {
    at(exchange).whole[static_cast<std::size_t>(from)] = true;
  }
  void facts(ExchangeNo exchange, const Facts& facts) override {
    TapedExchange& taped = at(exchange);
    if (!facts.method.empty()) taped.method = facts.method;
    if (!facts.resource.empty()) taped.resource = placed_resource(facts.place, facts.resource);
    if (facts.status != 0) taped.status = facts.status;
  }
  void edit(ExchangeNo exchange, Side from, Edit edit) override {
    TapedExchange& taped = at(exchange);
    (from == Side::Client ? taped.request_edits : taped.reply_edits).push_back(std::move(edit));
  }
  void answered_by_us(ExchangeNo exchange) override { at(exchange).ours = true; }
  void end(ExchangeNo exchange, Ending ending, ByteView note) override {
    TapedExchange& taped = at(exchange);
    taped.ended = true;
    taped.ending = ending;
    taped.note = note;
  }
  void speaks(ByteView protocol) override { protocol_now = protocol; }
  void session_note(ByteView note) override { notes.emplace_back(note); }

  std::map<ExchangeNo, TapedExchange> exchanges;
  std::vector<std::string> notes;
  std::string protocol_now, broken;

 private:
  TapedExchange& at(ExchangeNo exchange) {
    const auto found = exchanges.find(exchange);
    if (found == exchanges.end()) broken += "exchange without begin; ";
    TapedExchange& taped = exchanges[exchange];
    if (taped.ended) broken += "call after end; ";
    return taped;
  }
  void add(ExchangeNo exchange, Side from, ByteView bytes) {
    if (bytes.empty()) broken += "empty bytes; ";
    at(exchange).bytes[static_cast<std::size_t>(from)] += bytes;
    at(exchange).whole[static_cast<std::size_t>(from)] = false;
  }
};

class Playbook final : private Link {
 public:
  explicit Playbook(std::unique_ptr<Forwarder> forwarder) : forwarder_(std::move(forwarder)) {
    forwarder_->start(*this);
    change_hands();
  }

  /// Bytes that a side sends; shown again until taken, as the relay does.
  Playbook& client(ByteView bytes) { return feed(Side::Client, bytes, false); }
  Playbook& client_fin(ByteView bytes = {}) { return feed(Side::Client, bytes, true); }
  Playbook& upstream(ByteView bytes) { return feed(Side::Server, bytes, false); }
  Playbook& upstream_fin(ByteView bytes = {}) { return feed(Side::Server, bytes, true); }
  /// Bytes of an upstream that is not the latest.
  Playbook& upstream_of(UpstreamNo number, ByteView bytes) {
    speaking_ = number;
    upstream(bytes);
    speaking_ = 0;
    return *this;
  }
  Playbook& opened() {
    if (opened_ < opens_) ++opened_;
    return event([&] { forwarder_->upstream_opened(opened_, *this); });
  }
  /// TLS was agreed on with an upstream, after secure_upstream().
  Playbook& opened_again(UpstreamNo number) {
    return event([&] { forwarder_->upstream_opened(number, *this); });
  }
  /// What the client sent last was its handshake.
  Playbook& taken_by_tls() {
    unread_[0].clear();
    return *this;
  }
  Playbook& failed(NoUpstream why) {
    const Error error(ErrorSource::Upstream, "10.0.0.1:80", "connection refused");
    return event([&] { forwarder_->upstream_failed(opens_, error, why, *this); });
  }
  Playbook& lost(Side side) {
    const Error error(ErrorSource::Client, "", "reset");
    return event([&] {
      if (side == Side::Client) {
        forwarder_->client_lost(error, *this);
      } else {
        forwarder_->upstream_lost(opens_, error, *this);
      }
    });
  }
  /// TLS was agreed on after secure_client().
  Playbook& secured(const ClientTlsFacts& facts = {}) {
    return event([&] { forwarder_->client_secured(facts, *this); });
  }
  Playbook& timed_out(Wait wait) {
    return event([&] { forwarder_->timed_out(wait, *this); });
  }
  Playbook& stop() {
    return event([&] { forwarder_->stop(*this); });
  }

  [[nodiscard]] const Bytes& to_client() const { return to_client_; }
  [[nodiscard]] const Bytes& to_upstream() const { return to_upstream_; }
  [[nodiscard]] const TapeModel& taped() const { return tape_; }
  [[nodiscard]] const TapedExchange& exchange(ExchangeNo number) { return tape_.exchanges[number]; }
  /// "open", "finish_client", "finish_upstream", "close", "abort", in order.
  [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
  [[nodiscard]] bool called(std::string_view call) const {
    return std::find(calls_.begin(), calls_.end(), call) != calls_.end();
  }
  [[nodiscard]] bool over() const { return called("close") || called("abort"); }
  [[nodiscard]] bool blocked() const { return blocked_; }
  [[nodiscard]] Wait waiting_for() const { return wait_; }
  [[nodiscard]] const Route& route() const { return route_; }
  /// Of the upstream that is spoken to, as leads_to() said last.
  [[nodiscard]] const std::string& place() const { return place_; }

  /// What the rule's other sessions know.
  std::vector<std::string> rejected;
  Bytes certificate;
  bool reached_by_others = false;
  [[nodiscard]] std::string broken() const {
    std::string text = tape_.broken + broken_;
    if (over()) {
      for (const auto& [number, taped] : tape_.exchanges) {
        if (!taped.ended) text += "exchange " + std::to_string(number) + " left open; ";
      }
    }
    return text;
  }

 private:
  template <class Act>
  Playbook& event(Act act) {
    if (over()) return *this;
    act();
    change_hands();
    show(Side::Client);
    return *this;
  }

  /// As the relay does: what was not taken is for the next forwarder.
  void change_hands() {
    while (next_ && !over()) {
      forwarder_ = std::move(next_);
      wait_ = Wait::None;
      forwarder_->start(*this);
      for (const Side side : {Side::Client, Side::Server}) {
        const auto index = static_cast<std::size_t>(side);
        if (!next_ && (fin_[index] || !unread_[index].empty())) {
          fresh_[index] = true;
          show(side);
        }
      }
    }
  }

  Playbook& feed(Side side, ByteView bytes, bool fin) {
    if (over()) return *this;
    unread_[static_cast<std::size_t>(side)] += bytes;
    fin_[static_cast<std::size_t>(side)] = fin;
    fresh_[static_cast<std::size_t>(side)] = true;
    show(side);
    if (side == Side::Server && blocked_) show(Side::Client);
    return *this;
  }

  /// Shows what a side has sent, if that is news or was blocked.
  void show(Side side) {
    const auto index = static_cast<std::size_t>(side);
    if (over() || (!fresh_[index] && !(side == Side::Client && blocked_))) return;
    fresh_[index] = false;
    // A copy that dies: views kept beyond the call are found by the address sanitizer.
    const Bytes shown = unread_[index];
    const Taken taken = side == Side::Client
                            ? forwarder_->client_bytes(shown, fin_[index], *this)
                            : forwarder_->upstream_bytes(speaking_ != 0 ? speaking_ : opens_, shown,
                                                         fin_[index], *this);
    if (taken.size > shown.size()) broken_ += "took more than there was; ";
    unread_[index].erase(0, taken.size);
    if (side == Side::Client) blocked_ = taken.blocked;
    change_hands();
  }

  UpstreamNo open(const Route& route) override {
    route_ = route;
    place_ = route.place;
    call("open");
    return ++opens_;
  }
  void send_client(std::span<const ByteView> pieces) override { send(pieces, to_client_); }
  void send_upstream(UpstreamNo, std::span<const ByteView> pieces) override {
    send(pieces, to_upstream_);
  }
  void finish_client() override { call("finish_client"); }
  void finish_upstream(UpstreamNo) override { call("finish_upstream"); }
  void close() override { call("close"); }
  void abort() override { call("abort"); }
  void expect(Wait wait) override { wait_ = wait; }
  Tape& tape() override { return tape_; }
  void close_upstream(UpstreamNo upstream) override {
    call("close_upstream " + std::to_string(upstream));
  }
  void secure_client(std::string fallback) override { call("secure_client " + fallback); }
  void secure_upstream(UpstreamNo upstream, const Route& route) override {
    route_ = route;
    place_ = route.place;
    call("secure_upstream " + std::to_string(upstream));
  }
  void leads_to(UpstreamNo, const std::string& place) override { place_ = place; }
  void become(std::unique_ptr<Forwarder> next) override { next_ = std::move(next); }
  [[nodiscard]] ByteView authority_pem() const override { return certificate; }
  [[nodiscard]] bool is_public() const override { return reached_by_others; }
  void remember_rejection(const std::string& host) override { rejected.push_back(host); }
  [[nodiscard]] bool was_rejected(const std::string& host) const override {
    return std::find(rejected.begin(), rejected.end(), host) != rejected.end();
  }

  void send(std::span<const ByteView> pieces, Bytes& out) {
    if (over()) broken_ += "sent after the end; ";
    for (const ByteView piece : pieces)
      out += piece;
  }
  void call(std::string name) {
    if (over()) broken_ += name + " after the end; ";
    calls_.push_back(std::move(name));
  }

  std::unique_ptr<Forwarder> forwarder_, next_;
  TapeModel tape_;
  Route route_;
  std::string place_;
  Bytes to_client_, to_upstream_;
  std::array<Bytes, 2> unread_;
  std::array<bool, 2> fin_{}, fresh_{};
  std::vector<std::string> calls_;
  std::string broken_;
  UpstreamNo opens_ = 0, opened_ = 0, speaking_ = 0;
  bool blocked_ = false;
  Wait wait_ = Wait::None;
};

}  // namespace understudy::testing
