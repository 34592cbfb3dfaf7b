// One exchange as a row of http_detail: its messages taken apart by the codec. No state; belongs to
// the thread of its statement.
#pragma once

#include "protocols/core/error.h"
#include "protocols/core/recorded.h"
#include "store/details.h"
#include "store/sqlite.h"

#include <cstddef>
#include <string_view>

namespace understudy {

/// Of a message that is too long, so much is read for its head (heads are 64 KiB at most).
inline constexpr std::size_t kDetailHeadBytes = std::size_t{128} * 1024;

/// Note of a row that was made before its exchange ended.
inline constexpr std::string_view kOpenNote = "taken apart while the exchange was open";

inline constexpr std::string_view kInsertDetail =
    "INSERT OR REPLACE INTO http_detail (exchange, request_headers, response_headers,"
    " request_body, response_body, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Runs `insert`, a prepared kInsertDetail, for an exchange. False: neither of its messages has
/// headers and a body, no row was made.
[[nodiscard]] Result<bool> insert_detail(Statement& insert, const DetailOf& detail_of,
                                         const RecordedExchange& one);

}  // namespace understudy
