// The parts of RecordingReader that make lists: lines, and the search through them.
#include "store/columns.h"
#include "store/recording_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace understudy {
namespace {

/// Columns of a line, 0 to 15; a caller's own follow.
constexpr std::string_view kLineColumns =
    "e.id, e.id - r.first_exchange + 1, r.name, e.session - r.first_session + 1, e.started_at,"
    " e.duration, e.protocol, u.name, e.method, e.resource, e.status, e.origin, e.ending,"
    " iif(e.ending <> 0, e.request_size, max(e.request_size, coalesce((SELECT max(offset + size)"
    "   FROM segment WHERE exchange = e.id AND sender = 0), 0))),"
    " iif(e.ending <> 0, e.reply_size, max(e.reply_size, coalesce((SELECT max(offset + size)"
    "   FROM segment WHERE exchange = e.id AND sender = 1), 0))),"
    " e.note";
constexpr int kFirstOwnColumn = 16;

ExchangeLine line_of(const Statement& row) {
  ExchangeLine line;
  line.id = row.integer(0);
  line.number = row.integer(1);
  line.recording = row.text(2);
  line.session_number = row.integer(3);
  line.started_at = timestamp_of(row.integer(4));
  line.duration = Duration(row.integer(5));
  line.protocol = row.text(6);
  line.rule = row.text(7);
  line.method = row.text(8);
  line.resource = row.text(9);
  line.status = static_cast<std::uint16_t>(row.integer(10));
  line.origin = origin_of(row.integer(11));
  const std::int64_t ending = row.integer(12);
  line.open = ending == 0;
  line.ending = ending_of(ending);
  line.request_size = size_of(row.integer(13));
  line.reply_size = size_of(row.integer(14));
  line.note = row.text(15);
  return line;
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Finds one text in many, ASCII letters of either case alike.
class TextSearch {
 public:
  explicit TextSearch(std::string_view text) : text_(text) {
    std::ranges::transform(text_, text_.begin(), lower);
  }
  [[nodiscard]] bool in(ByteView hay) const {
    return std::ranges::search(hay, text_, {}, lower).begin() != hay.end() || text_.empty();
  }

 private:
  std::string text_;
};

/// The head of an HTTP message; of others their first bytes.
ByteView searched_part(ByteView message, bool http) {
  message = message.substr(0, kMaxSearchedBytes);
  if (!http) return message;
  const std::size_t end = std::min(message.find("\r\n\r\n"), message.find("\n\n"));
  return message.substr(0, end);
}

}  // namespace

Result<void> RecordingReader::visit_lines(IdRange ids, std::string_view more_columns,
                                          const VisitLine& visit) {
  auto select = database_.prepare(
      fmt::format("SELECT {}{} FROM exchange e JOIN session s ON s.id = e.session"
                  " JOIN rule u ON u.id = s.rule JOIN recording r ON r.id = u.recording"
                  " WHERE e.id >= ?1 AND e.id < ?2 ORDER BY e.id",
                  kLineColumns, more_columns));
  if (!select) return std::unexpected(std::move(select.error()));
  select->bind(1, ids.first);
  select->bind(2, ids.end);
  for (;;) {
    auto more = select->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more || !visit(line_of(*select), *select)) return {};
  }
}

Result<void> RecordingReader::search(std::string_view text, std::optional<std::int64_t> recording,
                                     const std::function<bool(const ExchangeLine&)>& visit) {
  IdRange ids{0, std::numeric_limits<std::int64_t>::max()};
  if (recording) {
    auto its_ids = range(*recording, "first_exchange");
    if (!its_ids) return std::unexpected(std::move(its_ids.error()));
    ids = *its_ids;
  }
  const TextSearch wanted(text);
  return visit_lines(ids, ", e.request, e.reply", [&](const ExchangeLine& line, Statement& row) {
    const bool http = line.protocol.starts_with("http");
    const bool found = wanted.in(line.resource) || wanted.in(line.method) || wanted.in(line.note) ||
                       wanted.in(searched_part(row.bytes(kFirstOwnColumn), http)) ||
                       wanted.in(searched_part(row.bytes(kFirstOwnColumn + 1), http));
    return !found || visit(line);
  });
}

}  // namespace understudy
