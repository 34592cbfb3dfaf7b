#include "protocols/core/edit_list.h"

#include "protocols/core/varint.h"

#include <algorithm>
#include <utility>

namespace understudy {

void append_edit(Bytes& list, Side from, const Edit& edit) {
  append_varint(list, edit.offset << 1 | static_cast<std::uint64_t>(from));
  append_varint(list, edit.old_size);
  append_varint(list, edit.replacement.size());
  list += edit.replacement;
}

void read_edits(ByteView list, std::vector<Edit>& request, std::vector<Edit>& reply) {
  while (!list.empty()) {
    const auto where = take_varint(list);
    if (!where) return;
    const auto old_size = take_varint(list);
    if (!old_size) return;
    const auto new_size = take_varint(list);
    if (!new_size || *new_size > list.size()) return;
    auto& edits = (*where & 1) != 0 ? reply : request;
    edits.push_back({*where >> 1, *old_size, Bytes(list.substr(0, *new_size))});
    list.remove_prefix(*new_size);
  }
}

Bytes apply_edits(ByteView message, std::span<const Edit> edits) {
  std::vector<const Edit*> in_order;
  in_order.reserve(edits.size());
  for (const Edit& edit : edits)
    in_order.push_back(&edit);
  std::ranges::sort(in_order, {}, [](const Edit* edit) { return std::pair(edit->offset, edit); });

  Bytes out;
  std::uint64_t done = 0;
  for (const Edit* edit : in_order) {
    if (edit->offset < done || edit->offset > message.size()) continue;
    out += message.substr(done, edit->offset - done);
    out += edit->replacement;
    done = edit->offset + std::min(edit->old_size, message.size() - edit->offset);
  }
  out += message.substr(done);
  return out;
}

}  // namespace understudy
