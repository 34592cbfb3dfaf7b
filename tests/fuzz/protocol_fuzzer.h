// The fuzz target of every protocol: any bytes, cut anywhere, from either side. The decoder must
// not throw, its steps must tile the stream, and it must hold no more than it says.
//
//   input = *( control byte, piece )    control: bit 7 = side, bit 6 = FIN, bits 0-5 = piece size;
//                                       size 63 = all that is left
#pragma once

#include "protocols/registry.h"
#include "tests/support/steps.h"

#include <cstdint>
#include <cstdlib>

namespace understudy::testing {

struct FuzzPiece {
  Side from = Side::Client;
  bool fin = false;
  ByteView bytes;
};

/// Takes the next piece off `input`, which is not empty.
inline FuzzPiece next_piece(ByteView& input) {
  const auto control = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const std::size_t size = (control & 63) == 63 ? input.size() : control & 63;
  FuzzPiece piece{(control & 128) != 0 ? Side::Server : Side::Client, (control & 64) != 0,
                  input.substr(0, size)};
  input.remove_prefix(piece.bytes.size());
  return piece;
}

inline void must(bool holds) {
  if (!holds) std::abort();
}

inline int fuzz_protocol(std::string_view name, const std::uint8_t* data, std::size_t size) {
  ByteView input(reinterpret_cast<const char*>(data), size);
  const Protocol& protocol = *find_protocol(name);
  const auto decoder = protocol.decoder();
  StepRunner runner(*decoder);
  std::array<Bytes, 2> sent;
  std::array<bool, 2> finished{};
  while (!input.empty()) {
    const FuzzPiece piece = next_piece(input);
    const auto index = static_cast<std::size_t>(piece.from);
    if (finished[index]) continue;
    finished[index] = piece.fin;
    sent[index] += piece.bytes;
    runner.feed(piece.from, piece.bytes, piece.fin);
  }
  must(runner.run().broken.empty());
  for (std::size_t side = 0; side < 2; ++side) {
    must(runner.run().covered[side] + runner.run().held[side] == sent[side]);
  }
  must(protocol.fields(Side::Client, sent[0]).size() < 10'000);
  must(protocol.facts(sent[0], sent[1]).status < 1000);
  static_cast<void>(protocol.detail(Side::Server, sent[1]));  // must only not crash
  if (const ExchangeReplay* replay = protocol.exchange_replay()) {
    MatchKey key;
    if (replay->key(sent[0], {}, key)) must(!key.key.empty());
    const std::string place = replay->place(sent[0], "http");
    must(place.empty() || place.find("://") != std::string::npos);
    ForwardRule rule;
    rule.proxy.emplace();
    if (const auto front = replay->proxy_front(rule, {}); front && !sent[0].empty()) {
      const ProxyStep step = front->judge(sent[0]);
      must(step.kind != ProxyStep::Kind::NeedMore);
      must(step.kind == ProxyStep::Kind::LookUp ? !step.place.empty() : !step.reply.empty());
      must(front->handshake(sent[0]).size <= sent[0].size());
    }
  }
  return 0;
}

}  // namespace understudy::testing
