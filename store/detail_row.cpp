#include "store/detail_row.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace understudy {
namespace {

/// RFC 3629, for choosing between TEXT and BLOB; a NUL would end a TEXT in most tools.
bool is_text(ByteView bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned lead = at(i);
    if (lead == 0) return false;
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || bytes.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xC0) != 0x80) return false;
    }
    if (length > 2) {  // overlong forms, surrogates, beyond U+10FFFF
      const unsigned second = at(i + 1);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

/// One message as its columns.
struct Columns {
  bool known = false;
  std::string headers;
  std::optional<Bytes> body;
  std::string note;
};

std::string headers_json(const MessageDetail& detail) {
  auto list = nlohmann::json::array();
  for (const auto& [name, value] : detail.headers)
    list.push_back({name, value});
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Columns columns_of(const DetailOf& detail_of, std::string_view protocol, Side from,
                   ByteView message, std::uint64_t whole_size) {
  Columns columns;
  if (message.empty()) return columns;
  const bool cut = message.size() < whole_size;
  auto detail = detail_of(protocol, from, cut ? message.substr(0, kDetailHeadBytes) : message);
  if (!detail) return columns;
  columns.known = true;
  columns.headers = headers_json(*detail);
  const char* which = from == Side::Client ? "request" : "response";
  if (cut || detail->body.size() > kMaxDetailBodyBytes) {
    columns.note = fmt::format("{} body left out: longer than {} MiB", which,
                               kMaxDetailBodyBytes / (1024 * 1024));
    return columns;
  }
  if (!detail->body_decoded) columns.note = fmt::format("{} body not decoded", which);
  columns.body = std::move(detail->body);
  return columns;
}

void bind_columns(Statement& insert, int headers, int body, const Columns& columns) {
  if (columns.known)
    insert.bind_text(headers, columns.headers);
  else
    insert.bind_null(headers);
  if (!columns.body)
    insert.bind_null(body);
  else if (is_text(*columns.body))
    insert.bind_text(body, *columns.body);
  else
    insert.bind_bytes(body, *columns.body);
}

}  // namespace

Result<bool> insert_detail(Statement& insert, const DetailOf& detail_of,
                           const RecordedExchange& one) {
  const Columns request =
      columns_of(detail_of, one.protocol, Side::Client, one.request, one.request_size);
  const Columns reply =
      columns_of(detail_of, one.protocol, Side::Server, one.reply, one.reply_size);
  if (!request.known && !reply.known) return false;
  std::string note =
      request.note + (request.note.empty() || reply.note.empty() ? "" : "; ") + reply.note;
  if (one.open) note = kOpenNote;
  insert.bind(1, one.id);
  bind_columns(insert, 2, 4, request);
  bind_columns(insert, 3, 5, reply);
  if (note.empty())
    insert.bind_null(6);
  else
    insert.bind_text(6, note);
  if (auto done = insert.run(); !done) return std::unexpected(std::move(done.error()));
  return true;
}

}  // namespace understudy
