#include "store/upstream_places.h"

#include <utility>

namespace understudy {

Result<UpstreamPlaces> UpstreamPlaces::read(Database& database, std::int64_t first,
                                            std::int64_t end) {
  auto select = database.prepare(
      "SELECT session, number, place FROM upstream_connection"
      " WHERE session >= ?1 AND session < ?2 AND place <> ''");
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, first);
  select->bind(2, end);
  UpstreamPlaces places;
  for (;;) {
    const auto more = select->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return places;
    const std::string& name = *places.names_.insert(select->text(2)).first;
    places.by_connection_[key(select->integer(0), static_cast<UpstreamNo>(select->integer(1)))] =
        &name;
  }
}

}  // namespace understudy
