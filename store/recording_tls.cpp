// The parts of RecordingReader that know what version 2 of a store added: handshakes and places. Of
// an older store they give none.
#include "store/columns.h"
#include "store/migrations.h"
#include "store/recording_reader.h"

#include <utility>

namespace understudy {

Result<std::vector<RecordedTls>> RecordingReader::tls(std::int64_t session) {
  std::vector<RecordedTls> all;
  if (version_ < kVersionWithTls) return all;
  auto select = database_.prepare(
      "SELECT t.upstream, t.at, t.duration, t.version, t.cipher, t.server_name, t.alpn, t.resumed,"
      " t.verified, t.peer_subject, own.pem, peer.pem, t.error FROM tls_handshake t"
      " LEFT JOIN certificate_chain own ON own.id = t.own_chain"
      " LEFT JOIN certificate_chain peer ON peer.id = t.peer_chain"
      " WHERE t.session = ?1 ORDER BY t.upstream, t.layer");
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, session);
  for (;;) {
    const auto more = select->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return all;
    RecordedTls& one = all.emplace_back();
    one.upstream = static_cast<UpstreamNo>(select->integer(0));
    one.at = timestamp_of(select->integer(1));
    one.duration = Duration(select->integer(2));
    one.version = select->text(3);
    one.cipher = select->text(4);
    one.server_name = select->text(5);
    one.alpn = select->text(6);
    one.resumed = select->integer(7) != 0;
    one.verified = select->text(8);
    one.peer_subject = select->text(9);
    one.own_chain = select->text(10);
    one.peer_chain = select->text(11);
    one.error = select->text(12);
  }
}

Result<UpstreamPlaces> RecordingReader::places(IdRange sessions) {
  if (version_ < kVersionWithTls) return UpstreamPlaces();
  return UpstreamPlaces::read(database_, sessions.first, sessions.end);
}

}  // namespace understudy
