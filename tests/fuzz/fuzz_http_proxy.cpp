// The forward proxy between two peers that send anything: absolute targets, CONNECT, SOCKS5, TLS
// that is asked for and comes about or not, tunnels of every kind.
#include "tests/fuzz/protocol_fuzzer.h"
#include "tests/support/playbook.h"

namespace {

using namespace understudy;
using namespace understudy::testing;

/// What the relay would report next, if anything is due.
void report_due(Playbook& play, std::size_t& seen, bool fails) {
  const std::vector<std::string> calls = play.calls();
  for (; seen < calls.size() && !play.over(); ++seen) {
    const std::string& call = calls[seen];
    if (call == "open") {
      fails ? play.failed(NoUpstream::Refused) : play.opened();
    } else if (call.starts_with("secure_client")) {
      play.taken_by_tls();
      fails ? play.lost(Side::Client) : play.secured({"a.test", "http/1.1"});
    } else if (call.starts_with("secure_upstream")) {
      fails ? play.failed(NoUpstream::Untrusted) : play.opened_again(1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ByteView input(reinterpret_cast<const char*>(data), size);
  ForwardRule rule;
  rule.name = "proxy";
  rule.protocol = "http";
  rule.client_scheme = rule.upstream_scheme = "http-proxy";
  rule.proxy.emplace();
  rule.proxy->by_host = (data[0] & 1) != 0;
  rule.proxy->passthrough_on_reject = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) rule.proxy->passthrough = {"*.test"};
  const bool fails = (data[0] & 8) != 0;
  input.remove_prefix(1);
  Playbook play(find_protocol("http")->forwarder(rule));
  std::size_t seen = 0;
  std::array<bool, 2> finished{};
  while (!input.empty() && !play.over()) {
    const FuzzPiece piece = next_piece(input);
    const auto index = static_cast<std::size_t>(piece.from);
    if (finished[index] || (piece.from == Side::Server && !play.called("open"))) continue;
    finished[index] = piece.fin;
    if (piece.from == Side::Client) {
      piece.fin ? play.client_fin(piece.bytes) : play.client(piece.bytes);
    } else {
      piece.fin ? play.upstream_fin(piece.bytes) : play.upstream(piece.bytes);
    }
    if (play.waiting_for() == Wait::FirstBytes && piece.bytes.empty()) {
      play.timed_out(Wait::FirstBytes);
    }
    report_due(play, seen, fails);
  }
  play.stop();
  must(play.over() && play.broken().empty());
  return 0;
}
