#include "store/exchange_rows.h"

#include "protocols/core/chunk_list.h"
#include "protocols/core/edit_list.h"
#include "store/columns.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace understudy {
namespace {

/// Appends to `bytes` what of `part`, which begins at `offset` of the message, follows them without
/// a gap, up to `max_bytes` in all.
void extend(Bytes& bytes, std::uint64_t offset, ByteView part, std::size_t max_bytes) {
  if (offset != bytes.size() || bytes.size() >= max_bytes) return;
  bytes += part.substr(0, max_bytes - bytes.size());
}

/// Segments of the two sides lie one after the other; within a side times rise already.
std::vector<Chunk> in_order_of_time(const std::vector<Chunk>& chunks) {
  std::vector<Chunk> client, server, both;
  for (const Chunk& chunk : chunks)
    (chunk.from == Side::Client ? client : server).push_back(chunk);
  both.reserve(chunks.size());
  std::ranges::merge(client, server, std::back_inserter(both), {}, &Chunk::after, &Chunk::after);
  return both;
}

}  // namespace

Result<RecordedExchange> ExchangeRows::assemble(const Statement& row) {
  RecordedExchange one;
  one.id = row.integer(0);
  one.number = one.id - first_exchange_ + 1;
  one.session = row.integer(1);
  one.exchange_no = static_cast<ExchangeNo>(row.integer(2));
  one.opener = side_of(row.integer(3));
  one.origin = origin_of(row.integer(4));
  one.open = row.integer(5) == 0;
  one.ending = ending_of(row.integer(5));
  one.status = static_cast<std::uint16_t>(row.integer(6));
  one.started_at = timestamp_of(row.integer(7));
  one.duration = Duration(row.integer(8));
  one.request_size = size_of(row.integer(9));
  one.reply_size = size_of(row.integer(10));
  one.protocol = row.text(11);
  one.method = row.text(12);
  one.resource = row.text(13);
  one.chunks = read_chunks(row.bytes(14));
  read_edits(row.bytes(15), one.request_edits, one.reply_edits);
  one.note = row.text(16);
  const ByteView request = row.bytes(17), reply = row.bytes(18);
  one.upstream = static_cast<UpstreamNo>(row.integer(19));
  one.place = places_.of(one.session, one.upstream);
  extend(one.request, 0, request, max_bytes_);
  extend(one.reply, 0, reply, max_bytes_);
  const bool spilled =
      one.open || one.request_size > request.size() || one.reply_size > reply.size();
  if (spilled) {
    if (auto done = add_segments(one); !done) return std::unexpected(std::move(done.error()));
  }
  return one;
}

Result<void> ExchangeRows::add_segments(RecordedExchange& one) {
  if (!segments_) {
    auto prepared = database_.prepare(
        "SELECT sender, offset, size, chunks, bytes FROM segment WHERE exchange = ?1"
        " ORDER BY sender, offset");
    if (!prepared) return std::unexpected(std::move(prepared.error()));
    segments_ = std::move(*prepared);
  }
  segments_.bind(1, one.id);
  for (;;) {
    auto more = segments_.step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) break;
    add_segment(one);
  }
  one.chunks = in_order_of_time(one.chunks);
  return {};
}

void ExchangeRows::add_segment(RecordedExchange& one) {
  const bool client = side_of(segments_.integer(0)) == Side::Client;
  const std::uint64_t offset = size_of(segments_.integer(1));
  std::uint64_t& size = client ? one.request_size : one.reply_size;
  size = std::max(size, offset + size_of(segments_.integer(2)));
  for (const Chunk& chunk : read_chunks(segments_.bytes(3)))
    one.chunks.push_back(chunk);
  Bytes& bytes = client ? one.request : one.reply;
  if (bytes.size() < max_bytes_) extend(bytes, offset, segments_.bytes(4), max_bytes_);
}

}  // namespace understudy
