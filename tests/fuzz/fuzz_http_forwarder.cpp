// The HTTP forwarder between two peers that send anything, in any order, and break off anywhere.
#include "tests/fuzz/protocol_fuzzer.h"
#include "tests/support/playbook.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace understudy;
  using namespace understudy::testing;
  ByteView input(reinterpret_cast<const char*>(data), size);
  ForwardRule rule;
  rule.name = "fuzz";
  rule.client_scheme = rule.upstream_scheme = "http";
  rule.upstream = {"api.test", 8080};
  if (size % 2 == 1) rule.path_prefix = "/base";
  Playbook play(find_protocol("http")->forwarder(rule));
  bool opened = false;
  std::array<bool, 2> finished{};
  while (!input.empty() && !play.over()) {
    const FuzzPiece piece = next_piece(input);
    if (!opened && play.called("open")) {
      opened = true;
      play.opened();
    }
    const auto index = static_cast<std::size_t>(piece.from);
    if (finished[index] || (piece.from == Side::Server && !opened)) continue;
    finished[index] = piece.fin;
    if (piece.from == Side::Client) {
      piece.fin ? play.client_fin(piece.bytes) : play.client(piece.bytes);
    } else {
      piece.fin ? play.upstream_fin(piece.bytes) : play.upstream(piece.bytes);
    }
  }
  play.stop();
  must(play.over() && play.broken().empty());
  return 0;
}
