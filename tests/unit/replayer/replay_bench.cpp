// Measures what answering a request costs before it reaches a socket: CPU nanoseconds and
// allocations per request of an HTTP conversation whose recorded replies have 1 KiB. Not a test;
// run it by hand: replay_bench [STUBS] [STRIDE] [PIPELINED]. STRIDE: stubs between one request and
// the next, 1 = in recorded order. The lowest of several rounds counts.
#include "replayer/repertoire_loader.h"
#include "tests/unit/replayer/conversation_driver.h"
#include "tests/unit/replayer/memory_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <new>

namespace {

std::uint64_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace understudy {
namespace {

constexpr std::size_t kRounds = 7;
constexpr std::size_t kRequests = 200'000;  ///< of a round

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Bytes request_for(std::size_t stub) {
  return fmt::format("GET /stub/{:06} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Number: {:06}\r\n\r\n",
                     stub, stub);
}

test::MemoryRecording record(std::size_t stubs) {
  test::MemoryRecording recorded;
  ForwardRule rule;
  rule.name = "orders";
  rule.protocol = "http";
  recorded.add_rule(rule);
  recorded.add(1, request_for(0), "");
  recorded.exchanges.clear();
  for (std::size_t i = 0; i < stubs; ++i) {
    Bytes reply =
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: text/plain\r\nContent-Length: 1024\r\n"
        "Connection: keep-alive\r\n\r\n";
    reply += fmt::format("{:06} ", i);
    reply.append(1017, 'x');
    recorded.add_to(1, "http", request_for(i), std::move(reply)).method = "GET";
  }
  return recorded;
}

/// Asks for one stub after another on one connection, `pipelined` at a time.
class Client {
 public:
  Client(Repertoire& repertoire, std::size_t stubs, std::size_t stride, std::size_t pipelined)
      : conversation_(repertoire.converse(stage_.place())), stubs_(stubs), stride_(stride) {
    for (std::size_t i = 0; i < pipelined; ++i)
      batch_ += request_for(0);
    size_ = batch_.size() / pipelined;
  }

  void ask(std::size_t requests) {
    while (requests > 0) {
      for (std::size_t at = 0; at < batch_.size(); at += size_, --requests)
        put_number(at);
      out_.clear();
      conversation_->on_bytes(batch_, {}, out_);
      for (;;) {
        for (const ByteView piece : out_.pieces)
          heard_ += piece.size();
        if (!out_.more) break;
        out_.clear();
        conversation_->on_sent({}, out_);
      }
    }
  }
  [[nodiscard]] std::uint64_t heard() const { return heard_; }

 private:
  void put_number(std::size_t at) {
    constexpr std::size_t kDigitsEnd = 16;  // of "GET /stub/000000"
    std::size_t rest = next_;
    for (std::size_t i = 0; i < 6; ++i, rest /= 10)
      batch_[at + kDigitsEnd - 1 - i] = static_cast<char>('0' + rest % 10);
    next_ = (next_ + stride_) % stubs_;
  }

  test::Stage stage_;
  std::unique_ptr<Conversation> conversation_;
  Outbox out_;
  Bytes batch_;
  std::size_t size_ = 0, stubs_, stride_, next_ = 0;
  std::uint64_t heard_ = 0;
};

int run(std::size_t stubs, std::size_t stride, std::size_t pipelined) {
  const test::MemoryRecording recorded = record(stubs);
  test::MemorySource source(recorded);
  const std::vector<RulePair> pairs{
      {recorded.recording.rules[0].rule, &recorded.recording.rules[0]}};
  const double begun = cpu_seconds();
  const std::uint64_t before_load = allocations;
  const auto loaded = load_repertoires(source, recorded.recording, pairs, {});
  if (!loaded || loaded->by_pair[0]->stub_count() != stubs) return 1;
  fmt::print("load {:.2f} µs and {:.1f} allocations per stub\n",
             (cpu_seconds() - begun) * 1e6 / static_cast<double>(stubs),
             static_cast<double>(allocations - before_load) / static_cast<double>(stubs));
  const std::size_t requests = kRequests / pipelined * pipelined;
  Client client(*loaded->by_pair[0], stubs, stride, pipelined);
  client.ask(requests);  // fills the journal
  double best = std::numeric_limits<double>::max();
  const std::uint64_t before = allocations;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const double start = cpu_seconds();
    client.ask(requests);
    best = std::min(best, cpu_seconds() - start);
  }
  if (client.heard() < (kRounds + 1) * requests * 1024) return 1;
  fmt::print("answer {:.0f} ns and {:.2f} allocations per request\n",
             best * 1e9 / static_cast<double>(requests),
             static_cast<double>(allocations - before) / static_cast<double>(requests * kRounds));
  return 0;
}

}  // namespace
}  // namespace understudy

int main(int count, char** arguments) {
  const auto argument = [&](int at, std::size_t otherwise) {
    return count > at ? std::strtoull(arguments[at], nullptr, 10) : otherwise;
  };
  return understudy::run(argument(1, 100'000), argument(2, 7919), argument(3, 1));
}
