// What is made from a recording after it: messages taken apart for the `http` view, and the facts
// of lists rebuilt by a newer codec. Both are derived; the bytes as received never change.
//
// Works beside a recorder: each transaction is short. No state of its own, one call per store at a
// time.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/error.h"
#include "protocols/core/protocol.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

/// Longer bodies stay in the store as bytes only: a view is for looking, and SQLite holds a value
/// in memory whole.
inline constexpr std::size_t kMaxDetailBodyBytes = std::size_t{16} * 1024 * 1024;

/// Takes one whole message of `protocol` apart; nothing where it has no headers and body.
using DetailOf =
    std::function<std::optional<MessageDetail>(std::string_view protocol, Side, ByteView message)>;

/// What lists show, read anew from an exchange's bytes; nothing = leave it as it is.
using FactsOf = std::function<std::optional<OwnedFacts>(std::string_view protocol, ByteView request,
                                                        ByteView reply)>;

/// Told now and then how far a pass is; returns false to stop it there. May be empty.
using Progress = std::function<bool(std::int64_t done, std::int64_t total)>;

/// Fills http_detail for the exchanges that lack it, oldest first, for about `budget` (0 = to the
/// end); the next call goes on where this one stopped. Returns how many it filled; 0 where the file
/// cannot be written, which is no error. Errors: Store.
[[nodiscard]] Result<std::size_t> fill_details(const std::string& path, const DetailOf& detail_of,
                                               std::chrono::milliseconds budget,
                                               const Progress& progress = {});

/// Empties http_detail (fill_details makes it again) and sets method, resource and status anew; a
/// resource that its connection's place belongs to (protocols/core/place.h) has it in front again.
/// An older store is brought up to date first. Returns how many exchanges changed. Errors: Store
/// (not writable included).
[[nodiscard]] Result<std::size_t> rebuild_facts(const std::string& path, const FactsOf& facts_of,
                                                const Progress& progress = {});

}  // namespace understudy
