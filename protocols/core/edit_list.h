// The packed list of what was changed on the way in the messages of one exchange (a rewritten
// Host): with it, both what was received and what was passed on are known.
//
//   list := edit*
//   edit := varint(offset * 2 + side) varint(old size) varint(new size) new bytes
//
// Offsets count in the message as received, so edits do not shift one another. No state.
#pragma once

#include "protocols/core/bytes.h"
#include "protocols/core/tape.h"

#include <span>
#include <vector>

namespace understudy {

/// Appends an edit (offset below 2^63) of the message that `from` sent.
void append_edit(Bytes& list, Side from, const Edit& edit);

/// Unpacks a list, appending to both in the order of the list; of a damaged one, what stands before
/// the damage. Never throws on input.
void read_edits(ByteView list, std::vector<Edit>& request, std::vector<Edit>& reply);

/// The message as it was passed on. Edits may come in any order; one that begins past the end of
/// `message` (only its first part was read) or inside an earlier one is left out.
[[nodiscard]] Bytes apply_edits(ByteView message, std::span<const Edit> edits);

}  // namespace understudy
