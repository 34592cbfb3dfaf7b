#include "store/row_writer.h"

#include "store/columns.h"

#include <algorithm>

namespace understudy {
namespace {

constexpr std::string_view kOpenSession =
    "INSERT INTO session (id, rule, opened_at, client_address, local_address)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr std::string_view kCloseSession =
    "UPDATE session SET closed_at = ?2, end_reason = ?3, note = ?4, client_bytes = ?5,"
    " server_bytes = ?6, dropped_bytes = ?7 WHERE id = ?1";
constexpr std::string_view kAddUpstream =
    "INSERT INTO upstream_connection (session, number, opened_at, destination, address, resolve,"
    " connect, error, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr std::string_view kPlaceUpstream =
    "UPDATE upstream_connection SET place = ?3 WHERE session = ?1 AND number = ?2";
constexpr std::string_view kAddTls =
    "INSERT INTO tls_handshake (session, upstream, layer, at, duration, version, cipher,"
    " server_name, alpn, resumed, verified, peer_subject, own_chain, peer_chain, error)"
    " VALUES (?1, ?2, 1 + (SELECT count(*) FROM tls_handshake WHERE session = ?1 AND upstream = "
    "?2),"
    " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
constexpr std::string_view kAddExchange =
    "INSERT INTO exchange (id, session, number, upstream, opener, origin, ending, status,"
    " started_at, duration, request_size, reply_size, protocol, method, resource, chunks, edits,"
    " note, request, reply)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20)";
constexpr std::string_view kAddSegment =
    "INSERT INTO segment (exchange, sender, offset, size, chunks, bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kUpdateExchange =
    "UPDATE exchange SET origin = ?2, ending = ?3, status = ?4, duration = ?5, request_size = ?6,"
    " reply_size = ?7, method = iif(?8 = '', method, ?8), resource = iif(?9 = '', resource, ?9),"
    " note = iif(?10 = '', note, ?10) WHERE id = ?1";

}  // namespace

Result<RowWriter> RowWriter::prepare(Database& database, std::int64_t first_rule) {
  RowWriter writer;
  writer.first_rule_ = first_rule;
  const std::pair<Statement*, std::string_view> statements[] = {
      {&writer.open_session_, kOpenSession},
      {&writer.close_session_, kCloseSession},
      {&writer.add_upstream_, kAddUpstream},
      {&writer.place_upstream_, kPlaceUpstream},
      {&writer.add_tls_, kAddTls},
      {&writer.add_exchange_, kAddExchange},
      {&writer.add_segment_, kAddSegment},
      {&writer.update_exchange_, kUpdateExchange},
      {&writer.read_edits_, "SELECT edits FROM exchange WHERE id = ?1"},
      {&writer.write_edits_, "UPDATE exchange SET edits = ?2 WHERE id = ?1"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return std::unexpected(std::move(prepared.error()));
    *statement = std::move(*prepared);
  }
  auto chains = CertificateChains::prepare(database);
  if (!chains) return std::unexpected(std::move(chains.error()));
  writer.chains_ = std::move(*chains);
  return writer;
}

Result<void> RowWriter::write(std::span<const std::unique_ptr<Batch>> batches) {
  Result<void> done;
  for (const auto& batch : batches) {
    for (const SessionOpened& row : batch->sessions_opened) {
      if (done = open_session(row); !done) return done;
    }
    for (const UpstreamOpened& row : batch->upstreams) {
      if (done = add_upstream(row); !done) return done;
    }
    for (const UpstreamPlaced& row : batch->places) {
      if (done = place_upstream(row); !done) return done;
    }
    for (const TlsAgreed& row : batch->tls) {
      if (done = add_tls(row); !done) return done;
    }
  }
  if (done = write_exchanges(batches); !done) return done;
  for (const auto& batch : batches) {
    for (const SegmentRow& row : batch->segments) {
      if (done = add_segment(*batch, row); !done) return done;
    }
    for (const ExchangeUpdate& row : batch->updates) {
      if (done = update_exchange(*batch, row); !done) return done;
    }
    for (const SessionClosed& row : batch->sessions_closed) {
      if (done = close_session(row); !done) return done;
    }
  }
  return done;
}

Result<void> RowWriter::write_exchanges(std::span<const std::unique_ptr<Batch>> batches) {
  in_order_.clear();
  for (const auto& batch : batches) {
    for (const ExchangeRow& row : batch->exchanges)
      in_order_.push_back({batch.get(), &row});
  }
  std::ranges::sort(in_order_, {}, [](const Placed& placed) { return placed.row->id; });
  for (const Placed& placed : in_order_) {
    if (auto done = add_exchange(*placed.batch, *placed.row); !done) return done;
  }
  return {};
}

Result<void> RowWriter::open_session(const SessionOpened& row) {
  open_session_.bind(1, row.id);
  open_session_.bind(2, first_rule_ + row.rule);
  open_session_.bind(3, to_column(row.at));
  open_session_.bind_text(4, row.client_address);
  open_session_.bind_text(5, row.local_address);
  ++counts_.sessions;
  return open_session_.run();
}

Result<void> RowWriter::close_session(const SessionClosed& row) {
  close_session_.bind(1, row.id);
  close_session_.bind(2, to_column(row.at));
  close_session_.bind_text(3, row.reason);
  close_session_.bind_text(4, row.note);
  close_session_.bind(5, to_column(row.client_bytes));
  close_session_.bind(6, to_column(row.server_bytes));
  close_session_.bind(7, to_column(row.dropped_bytes));
  return close_session_.run();
}

Result<void> RowWriter::add_upstream(const UpstreamOpened& row) {
  add_upstream_.bind(1, row.session);
  add_upstream_.bind(2, row.number);
  add_upstream_.bind(3, to_column(row.at));
  add_upstream_.bind_text(4, row.destination);
  add_upstream_.bind_text(5, row.address);
  add_upstream_.bind(6, row.resolve.count());
  add_upstream_.bind(7, row.connect.count());
  add_upstream_.bind_text(8, row.error);
  add_upstream_.bind_text(9, row.place);
  return add_upstream_.run();
}

Result<void> RowWriter::place_upstream(const UpstreamPlaced& row) {
  place_upstream_.bind(1, row.session);
  place_upstream_.bind(2, row.number);
  place_upstream_.bind_text(3, row.place);
  return place_upstream_.run();
}

Result<void> RowWriter::add_tls(const TlsAgreed& row) {
  const auto own_chain = chains_.id_of(row.own_chain);
  if (!own_chain) return std::unexpected(own_chain.error());
  const auto peer_chain = chains_.id_of(row.peer_chain);
  if (!peer_chain) return std::unexpected(peer_chain.error());
  add_tls_.bind(1, row.session);
  add_tls_.bind(2, row.upstream);
  add_tls_.bind(3, to_column(row.at));
  add_tls_.bind(4, row.duration.count());
  add_tls_.bind_text(5, row.version);
  add_tls_.bind_text(6, row.cipher);
  add_tls_.bind_text(7, row.server_name);
  add_tls_.bind_text(8, row.alpn);
  add_tls_.bind(9, row.resumed ? 1 : 0);
  add_tls_.bind_text(10, row.verified);
  add_tls_.bind_text(11, row.peer_subject);
  add_tls_.bind(12, *own_chain);
  add_tls_.bind(13, *peer_chain);
  add_tls_.bind_text(14, row.error);
  return add_tls_.run();
}

Result<void> RowWriter::add_exchange(const Batch& batch, const ExchangeRow& row) {
  Statement& insert = add_exchange_;
  insert.bind(1, row.id);
  insert.bind(2, row.session);
  insert.bind(3, row.number);
  insert.bind(4, row.upstream);
  insert.bind(5, static_cast<std::int64_t>(row.opener));
  insert.bind(6, static_cast<std::int64_t>(row.origin));
  insert.bind(7, to_column(row.open, row.ending));
  insert.bind(8, row.status);
  insert.bind(9, to_column(row.started_at));
  insert.bind(10, row.duration.count());
  insert.bind(11, row.request.size);
  insert.bind(12, row.reply.size);
  insert.bind_text(13, row.protocol);
  insert.bind_text(14, batch.view(row.method));
  insert.bind_text(15, batch.view(row.resource));
  insert.bind_bytes(16, batch.view(row.chunks));
  insert.bind_bytes(17, batch.view(row.edits));
  insert.bind_text(18, batch.view(row.note));
  insert.bind_bytes(19, batch.view(row.request));
  insert.bind_bytes(20, batch.view(row.reply));
  ++counts_.exchanges;
  counts_.bytes += std::uint64_t{row.request.size} + row.reply.size;
  return insert.run();
}

Result<void> RowWriter::add_segment(const Batch& batch, const SegmentRow& row) {
  add_segment_.bind(1, row.exchange);
  add_segment_.bind(2, static_cast<std::int64_t>(row.from));
  add_segment_.bind(3, to_column(row.offset));
  add_segment_.bind(4, row.bytes.size);
  add_segment_.bind_bytes(5, batch.view(row.chunks));
  add_segment_.bind_bytes(6, batch.view(row.bytes));
  ++counts_.segments;
  counts_.bytes += row.bytes.size;
  return add_segment_.run();
}

Result<void> RowWriter::update_exchange(const Batch& batch, const ExchangeUpdate& row) {
  update_exchange_.bind(1, row.id);
  update_exchange_.bind(2, static_cast<std::int64_t>(row.origin));
  update_exchange_.bind(3, to_column(row.open, row.ending));
  update_exchange_.bind(4, row.status);
  update_exchange_.bind(5, row.duration.count());
  update_exchange_.bind(6, to_column(row.request_size));
  update_exchange_.bind(7, to_column(row.reply_size));
  update_exchange_.bind_text(8, batch.view(row.method));
  update_exchange_.bind_text(9, batch.view(row.resource));
  update_exchange_.bind_text(10, batch.view(row.note));
  if (auto done = update_exchange_.run(); !done || row.edits.size == 0) return done;
  return append_edits(batch, row);
}

Result<void> RowWriter::append_edits(const Batch& batch, const ExchangeUpdate& row) {
  read_edits_.bind(1, row.id);
  auto found = read_edits_.step();
  if (!found) return std::unexpected(std::move(found.error()));
  edits_.clear();
  if (*found) {
    edits_ += read_edits_.bytes(0);
    read_edits_.reset();
  }
  edits_ += batch.view(row.edits);
  write_edits_.bind(1, row.id);
  write_edits_.bind_bytes(2, edits_);
  return write_edits_.run();
}

}  // namespace understudy
