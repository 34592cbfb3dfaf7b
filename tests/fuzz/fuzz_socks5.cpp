// The SOCKS 5 server: any bytes in any packets come to an end, or ask for more within the bound.
#include "protocols/http/socks5_server.h"
#include "tests/fuzz/protocol_fuzzer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace understudy;
  using understudy::testing::must;
  ByteView input(reinterpret_cast<const char*>(data), size);
  ProxySettings settings;
  if (size % 2 == 1) settings.credentials = "a:b";
  Socks5Server server(settings);
  Bytes unread;
  while (!input.empty()) {
    unread += understudy::testing::next_piece(input).bytes;
    for (;;) {
      const Socks5Step step = server.step(unread);
      if (step.kind == Socks5Step::Kind::Failed) return 0;
      must(step.size <= unread.size());
      if (step.kind == Socks5Step::Kind::NeedMore) break;
      must(step.size > 0);
      if (step.kind == Socks5Step::Kind::Request) {
        must(!step.target.host.empty() && step.target.host.size() <= 255);
        return 0;
      }
      unread.erase(0, step.size);
    }
    must(unread.size() < Socks5Server::kMaxHeld);
  }
  return 0;
}
