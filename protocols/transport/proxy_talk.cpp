#include "protocols/transport/proxy_talk.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace understudy {

namespace {

using Status = IoResult::Status;

/// Proxies send a few header fields with their answer; pages of them are a mistake.
constexpr std::size_t kMaxHead = std::size_t{16} * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

}  // namespace

Task<void> ProxyTalk::send(Bytes bytes) {
  ByteView rest = bytes;
  while (!rest.empty() && failure_.empty()) {
    const IoResult sent = stream_.try_write({&rest, 1});
    rest.remove_prefix(sent.size);
    if (sent.status == Status::Broken) fail("broke off: " + sent.error.message());
    if (sent.status != Status::NotNow) continue;
    auto [closed] = co_await stream_.writable();
    if (closed) fail("was given up");
  }
}

Task<Bytes> ProxyTalk::read(std::size_t size) {
  Bytes bytes(size, '\0');
  std::size_t have = 0;
  while (have < size && failure_.empty()) {
    const IoResult got = stream_.try_read(std::span(bytes).subspan(have));
    have += got.size;
    if (must_wait(got)) co_await wait();
  }
  bytes.resize(have);
  co_return bytes;
}

Task<Bytes> ProxyTalk::read_head() {
  Bytes head;
  std::array<char, 1024> buffer;
  while (!head.ends_with(kHeadEnd) && failure_.empty()) {
    const IoResult seen = stream_.try_peek(buffer);
    take_head_bytes(head, {buffer.data(), seen.size});
    if (head.size() > kMaxHead) fail("answered with a head of more than 16 KiB");
    if (must_wait(seen)) co_await wait();
  }
  co_return head;
}

/// Takes from the socket what belongs to the head: all that was seen, or up to its end, which may
/// have begun with bytes that were taken before.
void ProxyTalk::take_head_bytes(Bytes& head, ByteView seen) {
  if (seen.empty()) return;
  const std::size_t before = head.size();
  head += seen;
  const std::size_t end = head.find(kHeadEnd, before - std::min(before, kHeadEnd.size() - 1));
  if (end != Bytes::npos) head.resize(end + kHeadEnd.size());
  const IoResult taken = stream_.try_read(std::span(head).subspan(before));
  head.resize(before + taken.size);
}

bool ProxyTalk::must_wait(const IoResult& result) {
  if (result.status == Status::Finished) fail("closed the connection before it answered");
  if (result.status == Status::Broken) fail("broke off: " + result.error.message());
  return result.status == Status::NotNow;
}

Task<void> ProxyTalk::wait() {
  auto [closed] = co_await stream_.readable();
  if (closed) fail("was given up");
}

}  // namespace understudy
