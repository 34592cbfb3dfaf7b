#include "ui/cli/message_view.h"

#include "protocols/content/hex.h"
#include "ui/cli/hex_dump.h"
#include "ui/cli/plain_text.h"

#include <fmt/format.h>

namespace understudy {

namespace {

/// More of a binary body says nothing to a reader; --hex shows all.
constexpr std::size_t kBinaryPreviewBytes = 64;
/// Of a text body; --raw writes all.
constexpr std::size_t kTextPreviewBytes = std::size_t{64} * 1024;

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end != 0) out += "  ";
    out += text.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

/// Past the first empty line; all of it where there is none.
std::size_t head_size(ByteView bytes) {
  for (std::size_t at = bytes.find('\n'); at != ByteView::npos; at = bytes.find('\n', at + 1)) {
    const ByteView rest = bytes.substr(at + 1);
    if (rest.starts_with("\r\n")) return at + 3;
    if (rest.starts_with('\n')) return at + 2;
  }
  return bytes.size();
}

ByteView without_line_end(ByteView line) {
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

bool touches(const Edit& edit, std::uint64_t begin, std::uint64_t end) {
  return edit.offset < end && edit.offset + edit.old_size >= begin &&
         (edit.offset >= begin || edit.offset + edit.old_size > begin);
}

std::string head_text(ByteView head, std::span<const Edit> edits) {
  std::string out;
  std::uint64_t offset = 0;
  while (offset < head.size()) {
    const std::size_t feed = head.find('\n', offset);
    const std::size_t end = feed == ByteView::npos ? head.size() : feed + 1;
    const ByteView line = head.substr(offset, end - offset);
    out += printable(without_line_end(line)) + "\n";
    for (const Edit& edit : edits) {
      if (!touches(edit, offset, end)) continue;
      const std::string sent = sent_as(line, offset, edits);
      const std::string shown = printable(without_line_end(sent), true);
      out += "    sent as: " + (shown.empty() ? "(left out)" : shown) + "\n";
      break;
    }
    offset = end;
  }
  return out;
}

/// Truncation may have cut the last character of UTF-8 text.
ByteView whole_characters(ByteView text) {
  for (int i = 0; i < 3 && !text.empty() && static_cast<signed char>(text.back()) < 0; ++i) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::string sent_as(ByteView line, std::uint64_t offset, std::span<const Edit> edits) {
  std::string out;
  std::uint64_t done = offset;
  const std::uint64_t end = offset + line.size();
  for (const Edit& edit : edits) {
    if (!touches(edit, offset, end)) continue;
    if (edit.offset > done) out += line.substr(done - offset, edit.offset - done);
    if (edit.offset >= offset) out += edit.replacement;
    done = std::max(done, edit.offset + edit.old_size);
  }
  if (done < end) out += line.substr(done - offset);
  return out;
}

std::string content_text(ByteView bytes, std::uint64_t full_size) {
  ByteView shown = bytes.substr(0, kTextPreviewBytes);
  const bool cut = shown.size() < full_size;
  if (cut) shown = whole_characters(shown);
  if (is_text(shown)) {
    std::string out = indented(printable(shown, true));
    if (cut) {
      out += fmt::format("  … cut here: {} of {} are shown, --raw writes all\n",
                         size_text(shown.size()), size_text(full_size));
    }
    return out;
  }
  shown = bytes.substr(0, kBinaryPreviewBytes);
  std::string out = indented(hex_dump(shown));
  if (shown.size() < full_size) {
    out += fmt::format("  … cut here: {} of {} are shown, --hex and --raw write all\n",
                       size_text(shown.size()), size_text(full_size));
  }
  return out;
}

std::string message_text(const ShownMessage& message, const Protocol* protocol) {
  const auto detail =
      protocol == nullptr ? std::nullopt : protocol->detail(message.from, message.bytes);
  if (!detail) return content_text(message.bytes, message.full_size);
  std::string out =
      indented(head_text(message.bytes.substr(0, head_size(message.bytes)), message.edits));
  if (detail->body.empty()) return out;
  if (!detail->body_decoded) out += "  (the coding of this body cannot be undone here)\n";
  // What is missing of the message is missing of its body; a decoded size is known of whole ones.
  const std::uint64_t missing = message.full_size - message.bytes.size();
  return out + content_text(detail->body, detail->body.size() + missing);
}

}  // namespace understudy
