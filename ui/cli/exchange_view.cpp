#include "ui/cli/exchange_view.h"

#include "protocols/registry.h"
#include "ui/cli/exchange_lines.h"
#include "ui/cli/hex_dump.h"
#include "ui/cli/message_view.h"
#include "ui/cli/plain_text.h"
#include "ui/cli/tls_view.h"
#include "ui/web/utc_text.h"

#include <fmt/format.h>
#include <array>
#include <cstdio>
#include <functional>
#include <optional>

namespace understudy {

namespace {

/// What is read of each side to be shown as text; decoding a coded body needs the whole of it.
constexpr std::size_t kShownBytes = std::size_t{8} * 1024 * 1024;
/// Bytes in memory at a time while a message of any size is written.
constexpr std::size_t kPageBytes = std::size_t{256} * 1024;
/// Reads of a conversation shown one by one; the rest is counted.
constexpr std::size_t kMaxShownChunks = 200;

std::string_view side_name(Side side) {
  return side == Side::Client ? "request" : "reply";
}

Result<void> each_page(RecordingSource& source, const ExchangeLine& line, Side side,
                       const std::function<void(ByteView, std::uint64_t)>& visit) {
  const std::uint64_t size = side == Side::Client ? line.request_size : line.reply_size;
  std::uint64_t offset = 0;
  while (offset < size) {
    const Result<Bytes> page = source.read(line.id, side, offset, kPageBytes);
    if (!page) return std::unexpected(page.error());
    if (page->empty()) break;
    visit(*page, offset);
    offset += page->size();
  }
  return {};
}

void print_facts(const ExchangeLine& line, const RecordedExchange& exchange,
                 const std::optional<RecordedTls>& tls) {
  fmt::print("exchange {} of {} · {} · rule {} · session s{}\n", line.number,
             printable(line.recording), line.protocol, printable(line.rule), line.session_number);
  fmt::print("{} {} → {}\n", printable(line.method), printable(line.resource), status_text(line));
  fmt::print("started {}, took {}", utc_text(line.started_at), duration_text(line.duration));
  for (const Chunk& chunk : exchange.chunks) {
    if (chunk.from == exchange.opener) continue;
    fmt::print(", first byte of the answer after {}", duration_text(chunk.after));
    break;
  }
  fmt::print("\n");
  if (tls) fmt::print("upstream TLS: {}\n", upstream_tls_text(*tls));
  if (!line.note.empty()) fmt::print("note: {}\n", printable(line.note));
}

void print_message(const RecordedExchange& exchange, Side side, const Protocol* protocol) {
  const bool request = side == Side::Client;
  ShownMessage message;
  message.from = side;
  message.bytes = request ? exchange.request : exchange.reply;
  message.full_size = request ? exchange.request_size : exchange.reply_size;
  message.edits = request ? exchange.request_edits : exchange.reply_edits;
  fmt::print("\n{}, {} as received{}\n", side_name(side), size_text(message.full_size),
             !request && exchange.origin == Origin::Understudy ? ", made by Understudy" : "");
  if (message.full_size > 0) fmt::print("{}", message_text(message, protocol));
}

/// A stream without messages: who sent what when.
void print_conversation(const RecordedExchange& exchange) {
  std::array<std::uint64_t, 2> offsets{0, 0};
  std::size_t shown = 0;
  for (const Chunk& chunk : exchange.chunks) {
    if (++shown > kMaxShownChunks) {
      fmt::print("\n… {} more reads; --hex and --raw write all\n",
                 exchange.chunks.size() - kMaxShownChunks);
      return;
    }
    const bool client = chunk.from == Side::Client;
    std::uint64_t& offset = offsets[client ? 0 : 1];
    const ByteView bytes = client ? exchange.request : exchange.reply;
    const ByteView part = offset < bytes.size() ? bytes.substr(offset, chunk.size) : ByteView();
    fmt::print("\n{} at {}, {}\n{}", client ? "client" : "server", duration_text(chunk.after),
               size_text(chunk.size), content_text(part, chunk.size));
    offset += chunk.size;
  }
}

}  // namespace

Result<void> print_exchange(RecordingSource& source, const ExchangeLine& line) {
  const Result<RecordedExchange> exchange = source.exchange(line.id, kShownBytes);
  if (!exchange) return std::unexpected(exchange.error());
  const Result<std::optional<RecordedTls>> tls = upstream_tls(source, *exchange);
  if (!tls) return std::unexpected(tls.error());
  const Protocol* protocol = find_protocol(exchange->protocol);
  print_facts(line, *exchange, *tls);
  if (protocol == nullptr || protocol->exchange_replay() == nullptr) {
    print_conversation(*exchange);
    return {};
  }
  print_message(*exchange, Side::Client, protocol);
  print_message(*exchange, Side::Server, protocol);
  return {};
}

Result<void> print_hex(RecordingSource& source, const ExchangeLine& line) {
  for (const Side side : {Side::Client, Side::Server}) {
    fmt::print("{} of exchange {}, {}\n", side_name(side), line.number,
               size_text(side == Side::Client ? line.request_size : line.reply_size));
    const Result<void> printed = each_page(
        source, line, side,
        [](ByteView bytes, std::uint64_t offset) { fmt::print("{}", hex_dump(bytes, offset)); });
    if (!printed) return printed;
  }
  return {};
}

Result<void> print_raw(RecordingSource& source, const ExchangeLine& line) {
  for (const Side side : {Side::Client, Side::Server}) {
    const Result<void> printed = each_page(source, line, side, [](ByteView bytes, std::uint64_t) {
      std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    });
    if (!printed) return printed;
  }
  return {};
}

void print_session(const FoundSession& found) {
  const RecordedSession& session = found.session;
  fmt::print("session s{} of {}\n", session.number, printable(found.recording.name));
  for (const RecordedRule& rule : found.recording.rules) {
    if (rule.id == session.rule) fmt::print("rule {}\n", printable(rule.rule.name));
  }
  fmt::print("client {}\n", session.client_address);
  fmt::print(
      "opened {}, {}\n", utc_text(session.opened_at),
      session.closed_at == Timestamp{} ? "never closed" : "closed " + utc_text(session.closed_at));
  if (!session.end_reason.empty()) fmt::print("end: {}\n", printable(session.end_reason));
  if (!session.note.empty()) fmt::print("note: {}\n", printable(session.note));
  if (!session.tls.empty()) fmt::print("TLS\n");
  for (const std::string& tls : session_tls_lines(session.tls))
    fmt::print("  {}\n", tls);
  fmt::print("\n");
}

}  // namespace understudy
